import NIOCore

/// Bytes waiting to be sent on a stream.
struct OutgoingBody {
    /// What goes first; as a rule, all.
    private var first: ByteBuffer?
    private var others: CircularBuffer<ByteBuffer>?
    private(set) var queued = 0
    /// Nothing more will be queued.
    var isComplete: Bool

    /// A body that is streamed.
    init() {
        isComplete = false
    }

    /// A whole body.
    init(_ buffer: ByteBuffer) {
        isComplete = true
        append(buffer)
    }

    mutating func append(_ buffer: ByteBuffer) {
        guard buffer.readableBytes > 0 else { return }
        queued += buffer.readableBytes
        if first == nil {
            first = buffer
        } else {
            others = others ?? []
            others?.append(buffer)
        }
    }

    /// Moves up to `room` bytes to `destination`, which has that much space.
    mutating func take(into destination: UnsafeMutablePointer<UInt8>, room: Int) -> Int {
        var taken = 0
        while taken < room, let length = first.map({ min(room - taken, $0.readableBytes) }) {
            first?.readWithUnsafeReadableBytes { bytes in
                if let base = bytes.baseAddress {
                    UnsafeMutableRawPointer(destination + taken).copyMemory(from: base, byteCount: length)
                }
                return length
            }
            taken += length
            if first?.readableBytes == 0 { first = others?.popFirst() }
        }
        queued -= taken
        return taken
    }
}
