import Kit
import NIOCore

extension HTTP1Front: ExchangeFront {
    /// Bytes gathered before they go to the channel, unless the loop's turn ends.
    private static let batch = 64 << 10

    func writeHead(_ head: AnswerHead) {
        // What is left of a request that is answered early is not worth reading to the end.
        switch state {
        case .receiving, .streaming: writer.keepsAlive = false
        case .idle, .answering, .tunnelling, .discarding: break
        }
        expectsContinue = false
        // Said with an answer, it reaches the caller before he asks again; a connection that is closed in silence may
        // meet a request on its way.
        if loop.environment.isEnding() { writer.isDraining = true }
        writer.write(head)
        loop.flush(self)
    }

    func writeBody(_ body: ByteBuffer) {
        if let long = writer.write(body), let context {
            if let bytes = writer.take() { context.write(wrapOutboundOut(bytes), promise: nil) }
            context.write(wrapOutboundOut(long), promise: nil)
            hasUnflushed = true
            writer.endLongPart()
        }
        if writer.waiting >= Self.batch { flush() } else { loop.flush(self) }
    }

    var isWritable: Bool { takesMore && context != nil }

    func read(_ more: Bool) {
        mayRead = more
        guard more else { return }
        if expectsContinue {
            expectsContinue = false
            writer.writeContinue()
            loop.flush(self)
        }
        readIfAsked()
    }

    func consumed(_ bytes: Int) {}

    func finish() {
        writer.end()
        switch state {
        case .answering:
            state = .idle
            clock.ends()
        case .receiving, .streaming:
            state = .discarding
            read(true)
        case .idle, .tunnelling, .discarding: break
        }
        loop.flush(self)
        // Its next request may be here already.
        if writer.keepsAlive { process() } else { isClosing = true }
    }

    /// The answer broke off in the middle: only a closed connection tells the caller.
    func breakOff() {
        leave()
        context?.close(promise: nil)
    }
}

extension HTTP1Front: LoopFlushed {
    func flush() {
        guard let context else { return }
        let bytes = writer.take()
        guard isClosing, !isClosed else {
            guard let bytes else { return hasUnflushed ? flushChannel(context) : () }
            hasUnflushed = false
            return context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        }
        isClosed = true
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.closeAfterAnswer() }
        context.writeAndFlush(wrapOutboundOut(bytes ?? ByteBuffer()), promise: written)
    }

    private func flushChannel(_ context: ChannelHandlerContext) {
        hasUnflushed = false
        context.flush()
    }

    /// The last answer is written: the connection ends, but not before the caller had a chance to read it. A close with
    /// bytes unread would take the answer away from him again.
    private func closeAfterAnswer() {
        guard let context else { return }
        clock.over()
        guard case .discarding = state else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
    }
}

extension HTTP1Front: WatchedConnection {
    func check(_ now: NIODeadline) {
        guard let context else { return }
        let wait: CallerClock.Wait =
            switch state {
            case .idle: .request
            case .streaming: .body(isPaused: !mayRead)
            case .receiving, .answering, .tunnelling, .discarding: .nothing
            }
        let waiting = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        switch clock.judge(wait, now, waiting: waiting, written: writer.written, loop.environment.limits) {
        case .patient: exchange?.check(now)
        case .slowBody: exchange?.cut(.requestTimeout)
        case .over: context.close(promise: nil)
        }
    }
}
