import NIOCore

/// One connection: commands of many callers share its writes, replies go to them in order.
///
/// Lives on its event loop only.
final class RedisConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer
    typealias Completion = (Result<RedisValue, RedisError>) -> Void

    private struct Pending {
        let sent: NIODeadline
        let deadline: NIODeadline
        /// Nil once the caller was told that it took too long; the reply still has to be read.
        var completion: Completion?
    }

    private let configuration: RedisConfiguration
    /// Takes replies that answer no command: pub/sub messages. When set, every reply goes there.
    private let onPush: ((RedisValue) -> Void)?
    private let reader = RESPReader()
    private var context: ChannelHandlerContext?
    private var pending: CircularBuffer<Pending> = []
    private var outgoing = ByteBuffer()
    private var isFlushScheduled = false
    private var isTimerScheduled = false

    init(configuration: RedisConfiguration, onPush: ((RedisValue) -> Void)? = nil) {
        self.configuration = configuration
        self.onPush = onPush
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    var isActive: Bool { context?.channel.isActive ?? false }

    /// Sends a command; `completion` is called exactly once.
    func send(_ command: RedisCommand, deadline: NIODeadline, _ completion: @escaping Completion) {
        guard let context, context.channel.isActive else { return completion(.failure(.unavailable)) }
        guard pending.count < configuration.maxPending else { return completion(.failure(.overloaded)) }
        pending.append(Pending(sent: .now(), deadline: deadline, completion: completion))
        append(command, context)
        scheduleTimer(context)
    }

    /// Sends a command whose reply arrives as a push.
    func push(_ command: RedisCommand) {
        guard let context, context.channel.isActive else { return }
        append(command, context)
    }

    func close() { context?.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let reader else { return context.close(promise: nil) }
        do throws(RedisError) {
            try reader.feed(unwrapInboundIn(data)) { reply in
                if let onPush {
                    if case .success(let value) = reply { onPush(value) }
                } else if !pending.isEmpty {
                    pending.removeFirst().completion?(reply)
                } else {
                    context.close(promise: nil)
                }
            }
        } catch {
            fail(error)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func fail(_ error: RedisError) {
        let waiting = pending
        pending.removeAll()
        for entry in waiting { entry.completion?(.failure(error)) }
    }

    private func append(_ command: RedisCommand, _ context: ChannelHandlerContext) {
        RESPFormatter.append(command, to: &outgoing)
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        // Commands of one turn of the loop share one write.
        let home = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute { home.value.flush() }
    }

    private func flush() {
        isFlushScheduled = false
        guard let context, outgoing.readableBytes > 0 else { return }
        let buffer = outgoing
        outgoing = context.channel.allocator.buffer(capacity: 512)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// One coarse timer for all commands of the connection, running only while some wait.
    private func scheduleTimer(_ context: ChannelHandlerContext) {
        guard !isTimerScheduled else { return }
        isTimerScheduled = true
        let home = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .milliseconds(20)) { home.value.expire() }
    }

    private func expire() {
        isTimerScheduled = false
        guard let context, let oldest = pending.first else { return }
        let now = NIODeadline.now()
        if now - oldest.sent > configuration.hangTimeout { return context.close(promise: nil) }
        for index in pending.indices where pending[index].deadline <= now {
            let completion = pending[index].completion
            pending[index].completion = nil
            completion?(.failure(.timeout))
        }
        if !pending.isEmpty { scheduleTimer(context) }
    }
}

extension EventLoopPromise where Value == RedisValue {
    /// Completes with a typed result.
    func complete(_ result: Result<RedisValue, RedisError>) {
        switch result {
        case .success(let value): succeed(value)
        case .failure(let error): fail(error)
        }
    }
}
