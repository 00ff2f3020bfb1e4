import HTTP1
import NIOCore

/// The caller's side of a tunnel.
extension HTTP1Front: TunnelSide {
    func switchProtocol(_ head: AnswerHead) -> (any TunnelSide)? {
        guard case .answering(let exchange) = state, !isClosing else { return nil }
        state = .tunnelling(exchange)
        writer.writeSwitch(head)
        loop.flush(self)
        return self
    }

    /// What the caller has sent ahead.
    func takeAhead() -> ByteBuffer { parser.takeRest() }

    func write(_ part: ByteBuffer) {
        writer.writeTunnelled(part)
        loop.flush(self)
    }

    func closeOutput() {
        whenWritten { $0.close(mode: .output, promise: nil) }
    }

    func closeWhenWritten() {
        // Who takes nothing of what is written is cut by the watch.
        leaveTunnel()
        whenWritten { $0.close(promise: nil) }
    }

    func close() {
        leaveTunnel()
        context?.close(promise: nil)
    }

    private func leaveTunnel() {
        state = .idle
        isClosing = true
        isClosed = true
    }

    private func whenWritten(_ act: @escaping (ChannelHandlerContext) -> Void) {
        guard let context else { return }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in if let context = self.context { act(context) } }
        context.writeAndFlush(wrapOutboundOut(writer.take() ?? ByteBuffer()), promise: written)
    }
}
