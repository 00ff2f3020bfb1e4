import NIOCore

/// Bytes waiting to be sent on a stream.
struct OutgoingBody {
    private var buffers: CircularBuffer<ByteBuffer> = []
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
        buffers.append(buffer)
    }

    /// Moves up to `room` bytes to `destination`, which has that much space.
    mutating func take(into destination: UnsafeMutablePointer<UInt8>, room: Int) -> Int {
        var taken = 0
        while taken < room, !buffers.isEmpty {
            let length = min(room - taken, buffers[buffers.startIndex].readableBytes)
            buffers[buffers.startIndex].readWithUnsafeReadableBytes { bytes in
                if let base = bytes.baseAddress {
                    UnsafeMutableRawPointer(destination + taken).copyMemory(from: base, byteCount: length)
                }
                return length
            }
            taken += length
            if buffers[buffers.startIndex].readableBytes == 0 { buffers.removeFirst() }
        }
        queued -= taken
        return taken
    }
}
