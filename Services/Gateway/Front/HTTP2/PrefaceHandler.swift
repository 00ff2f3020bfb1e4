import HTTPFields
import NIOCore

/// Reads the first bytes of a connection without TLS and lets it speak what they belong to: HTTP/2 begins with words
/// that are no HTTP/1.1 (RFC 9113 §3.4).
final class PrefaceHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let preface = ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    private let loop: GatewayLoop
    private let since = NIODeadline.now()
    private var received = ByteBuffer()
    private var context: ChannelHandlerContext?

    init(loop: GatewayLoop) {
        self.loop = loop
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.watch.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.watch.remove(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        let known = min(received.readableBytes, Self.preface.readableBytes)
        let isHTTP2 = received.readableBytesView.prefix(known).elementsEqual(
            Self.preface.readableBytesView.prefix(known))
        guard !isHTTP2 || known == Self.preface.readableBytes else { return }
        do {
            if isHTTP2 {
                try HTTP2Front.add(to: context.channel, loop)
            } else {
                try HTTP1Front.add(to: context.channel, loop)
            }
        } catch {
            return context.close(promise: nil)
        }
        context.fireChannelRead(wrapInboundOut(received))
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Nothing was asked yet, so there is nothing to finish.
        if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

extension PrefaceHandler: WatchedConnection {
    func check(_ now: NIODeadline) {
        if now - since >= loop.environment.limits.head { context?.close(promise: nil) }
    }
}
