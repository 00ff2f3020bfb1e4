import NIOCore
import NIOTLS

/// Waits for the end of a TLS handshake, then lets the connection speak what was agreed on.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let loop: GatewayLoop
    private let begin: (_ negotiated: String?) throws -> Void
    private let since = NIODeadline.now()
    private var context: ChannelHandlerContext?

    /// - Parameter begin: Puts the handlers of the protocol that was negotiated at the pipeline's end; nil when the
    ///   caller named none.
    init(loop: GatewayLoop, begin: @escaping (_ negotiated: String?) throws -> Void) {
        self.loop = loop
        self.begin = begin
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.watch.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.watch.remove(self)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            do {
                try begin(negotiated)
                context.pipeline.syncOperations.removeHandler(self, promise: nil)
            } catch {
                context.close(promise: nil)
            }
        }
        // Nothing was asked yet, so there is nothing to finish.
        if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

extension HandshakeHandler: WatchedConnection {
    func check(_ now: NIODeadline) {
        if now - since >= loop.environment.limits.handshake { context?.close(promise: nil) }
    }
}
