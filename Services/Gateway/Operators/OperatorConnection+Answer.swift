import HTTP1
import HTTPFields
import Kit
import NIOCore

/// The parts of an answer, and what it becomes when the protocol changes with it.
extension OperatorConnection {
    func take(_ part: HTTP1ResponsePart, of call: OperatorCall) throws(HTTP1Fault) {
        switch part {
        case .head(let head): try begin(head, of: call)
        case .body(let bytes): call.answered(bytes)
        case .end:
            let receiver = call.end()
            release(call, keepsAlive: keepsAlive)
            receiver?.ended()
        }
    }

    private func begin(_ head: HTTP1ResponseHead, of call: OperatorCall) throws(HTTP1Fault) {
        keepsAlive = head.keepsAlive
        if head.status == 101 { return change(head, call) }
        guard head.framing == .none else {
            call.answering?.received(status: head.status, head.fields, isWhole: false)
            return
        }
        // The end is there already.
        _ = try parser.next()
        let receiver = call.end()
        release(call, keepsAlive: keepsAlive)
        receiver?.received(status: head.status, head.fields, isWhole: true)
    }

    private func change(_ head: HTTP1ResponseHead, _ call: OperatorCall) {
        let receiver = call.end()
        guard call.request.webSocket != nil, head.fields.value(of: "upgrade")?.lowercased() == "websocket" else {
            close()
            receiver?.failed(
                ServiceFailure(retry: .never, problem: .badGateway, reason: "it changed the protocol unasked"))
            return
        }
        state = .tunnelling(nil)
        receiver?.switched(head.fields, to: self)
    }
}

extension OperatorConnection: TunnelSide {
    /// How long bytes that were written before the end may take to leave.
    private static let linger = TimeAmount.seconds(30)

    func begin(_ tunnel: Tunnel) {
        if case .tunnelling = state { state = .tunnelling(tunnel) }
    }

    func takeAhead() -> ByteBuffer { parser.takeRest() }

    func closeOutput() {
        whenWritten { $0.close(mode: .output, promise: nil) }
    }

    func closeWhenWritten() {
        state = .closed
        whenWritten { $0.close(promise: nil) }
        loop.eventLoop.assumeIsolated().scheduleTask(in: Self.linger) { [weak self] in self?.close() }
    }

    private func whenWritten(_ act: @escaping (ChannelHandlerContext) -> Void) {
        guard let context else { return }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in if let context = self.context { act(context) } }
        context.writeAndFlush(wrapOutboundOut(writer.take() ?? ByteBuffer()), promise: written)
    }
}
