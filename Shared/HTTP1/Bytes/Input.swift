import NIOCore

/// What came and was not read yet.
struct Input: Sendable {
    private var buffer = ByteBuffer()

    var count: Int { buffer.readableBytes }
    var isEmpty: Bool { buffer.readableBytes == 0 }

    /// Adds bytes: takes the buffer as it is when there are no others.
    mutating func receive(_ more: ByteBuffer) {
        guard !isEmpty else {
            buffer = more
            return
        }
        // What was read already is let go once it outweighs the rest: each byte is moved a bounded number of times, and
        // a connection that always has the begin of another message in its bytes does not grow.
        if buffer.readerIndex > buffer.readableBytes {
            var moved = ByteBuffer()
            moved.reserveCapacity(buffer.readableBytes + more.readableBytes)
            moved.writeImmutableBuffer(buffer)
            buffer = moved
        }
        buffer.writeImmutableBuffer(more)
    }

    /// Calls `body` with all bytes, unless there are none.
    @inline(__always)
    func read<Result>(_ body: (Bytes) throws(HTTP1Fault) -> Result) throws(HTTP1Fault) -> Result? {
        try buffer.withUnsafeReadableBytes { raw throws(HTTP1Fault) in
            guard let bytes = Bytes(raw) else { return nil }
            return try body(bytes)
        }
    }

    /// The first bytes, at most `limit`: a slice, not a copy.
    mutating func take(atMost limit: Int) -> ByteBuffer {
        guard count > limit, let part = buffer.readSlice(length: limit) else { return takeAll() }
        return part
    }

    /// All bytes.
    mutating func takeAll() -> ByteBuffer {
        let all = buffer
        buffer = ByteBuffer()
        return all
    }

    /// Leaves out the first bytes. When they were all, their memory is let go.
    mutating func skip(_ length: Int) {
        guard count > length else {
            buffer = ByteBuffer()
            return
        }
        buffer.moveReaderIndex(forwardBy: length)
    }

    /// The byte at an offset, when it came.
    func byte(at offset: Int) -> UInt8? {
        buffer.getInteger(at: buffer.readerIndex + offset)
    }
}
