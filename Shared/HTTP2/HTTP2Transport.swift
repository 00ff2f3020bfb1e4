import NIOCore

/// What both roles have in common between a session and its channel: bytes are written once per batch of reads, or
/// once per turn of the loop for what starts elsewhere.
///
/// A class, because flushing leads to callbacks that ask for another flush while the first is under way.
final class HTTP2Transport {
    /// Bytes handed to the channel in one write.
    private static let batch = 256 << 10

    private var context: ChannelHandlerContext?
    private var isReading = false
    private var isFlushScheduled = false
    private var isClosing = false

    func attach(_ context: ChannelHandlerContext) { self.context = context }
    func detach() { context = nil }
    func beginReading() { isReading = true }
    func endReading() { isReading = false }

    var eventLoop: (any EventLoop)? { context?.eventLoop }

    /// Whether a flush has to be scheduled now: none is due at the end of a read or already scheduled.
    func needsSchedule() -> Bool {
        guard context != nil, !isReading, !isFlushScheduled else { return false }
        isFlushScheduled = true
        return true
    }

    /// Writes what the session has for the peer, and closes the channel when the session is over.
    func flush(_ session: HTTP2Session) {
        isFlushScheduled = false
        guard let context, !isClosing else { return }
        // A peer that does not read is not written for: the rest stays in the session until the channel has room.
        while session.wantsToWrite, context.channel.isWritable {
            var buffer = context.channel.allocator.buffer(capacity: 1024)
            let isSound = session.pull(into: &buffer, limit: Self.batch)
            guard buffer.readableBytes > 0 else {
                if !isSound { close() }
                break
            }
            context.writeAndFlush(NIOAny(buffer), promise: nil)
        }
        if session.isOver { close() }
    }

    func close() {
        guard !isClosing else { return }
        isClosing = true
        context?.close(promise: nil)
    }
}
