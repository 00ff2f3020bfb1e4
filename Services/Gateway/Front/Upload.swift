import NIOCore

/// A request's body between the caller and the service: what has come, and what of it has not gone on yet.
///
/// No I/O: whoever holds it reads the caller no further while `isFull`, so that it stays small whatever the body's
/// length.
struct Upload {
    /// Bytes that may wait here before the caller is read no further.
    static let room = 64 << 10

    /// What waits to go on.
    private(set) var waiting: ByteBuffer
    /// Whether the last byte has come.
    var isWhole: Bool
    /// Whether a byte has gone to a service, so that the request can't be sent to another one.
    private(set) var hasSent = false
    /// Whether it goes on part by part; else it went on with the head, and is kept for another try.
    private(set) var isStreamed = false
    /// Whether the service takes no more for now.
    var isHeldUp = false
    /// Bytes that have come.
    private(set) var received: Int
    private let limit: Int

    /// A body of which `begun` is here already.
    /// - Parameter limit: Bytes that it may have in all.
    init(begun: ByteBuffer, isWhole: Bool, limit: Int) {
        waiting = begun
        received = begun.readableBytes
        self.isWhole = isWhole
        self.limit = limit
    }

    /// Whether the caller has to wait until some of it has gone on.
    var isFull: Bool { isHeldUp || waiting.readableBytes >= Self.room }

    /// A stream to a service was opened.
    mutating func begins(isStreamed: Bool) {
        self.isStreamed = isStreamed
        isHeldUp = false
    }

    /// Takes a part in; false when the body is longer than it may be.
    mutating func take(_ part: ByteBuffer) -> Bool {
        received += part.readableBytes
        guard received <= limit else { return false }
        // As a rule nothing waits, and the part goes on as it is, uncopied.
        if waiting.readableBytes == 0 { waiting = part } else { waiting.writeImmutableBuffer(part) }
        return true
    }

    /// Bytes came behind the request, in another protocol.
    mutating func tunnelled(_ count: Int) { received += count }

    /// The next part to go on, unless the service takes none or there is none.
    mutating func next() -> ByteBuffer? {
        guard !isHeldUp, waiting.readableBytes > 0 else { return nil }
        hasSent = true
        defer { waiting = ByteBuffer() }
        return waiting
    }
}
