public import HTTP2
public import HummingbirdCore
public import Logging
public import NIOCore
import NIOHTTP1

/// How a service speaks on its port: HTTP/2 with prior knowledge to the other processes, HTTP/1.1 to probes and curl.
///
/// Hummingbird's server accepts, quiesces and shuts down; the bytes are handled here, by one libnghttp2 session per
/// connection and no child channel per stream.
public struct ServiceChannel: ServerChildChannel {
    /// An accepted connection.
    public struct Value: ServerChildChannelValue {
        /// Its channel.
        public let channel: any Channel
    }

    private let responder: ServiceResponder
    private let configuration: HTTP2Configuration
    private let takesProcesses: @Sendable () -> Bool

    /// A channel answered by `responder`.
    /// - Parameter takesProcesses: Whether other processes may come already; probes always may.
    public init(
        responder: ServiceResponder, configuration: HTTP2Configuration,
        takesProcesses: @escaping @Sendable () -> Bool
    ) {
        self.responder = responder
        self.configuration = configuration
        self.takesProcesses = takesProcesses
    }

    public func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(
                ProtocolSelector(
                    responder: responder, configuration: configuration, takesProcesses: takesProcesses))
            return Value(channel: channel)
        }
    }

    public func handle(value: Value, logger: Logger) async {
        do {
            try await withTaskCancellationHandler {
                try await value.channel.closeFuture.get()
            } onCancel: {
                value.channel.close(promise: nil)
            }
        } catch {
            logger.debug("connection closed", metadata: ["error": "\(error)"])
        }
    }
}

/// Reads the first bytes of a connection and puts the handler of the protocol they belong to in its place.
private final class ProtocolSelector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let preface = ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    private let responder: ServiceResponder
    private let configuration: HTTP2Configuration
    private let takesProcesses: () -> Bool
    private var received = ByteBuffer()

    init(responder: ServiceResponder, configuration: HTTP2Configuration, takesProcesses: @escaping () -> Bool) {
        self.responder = responder
        self.configuration = configuration
        self.takesProcesses = takesProcesses
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        let known = min(received.readableBytes, Self.preface.readableBytes)
        let begins = received.readableBytesView.prefix(known).elementsEqual(
            Self.preface.readableBytesView.prefix(known))
        guard !begins || known == Self.preface.readableBytes else { return }
        // What is not known here yet would be denied, and a good token called bad. Without settings from here no request
        // is sent, and the other process tries again.
        guard !begins || takesProcesses() else { return context.close(promise: nil) }
        do {
            let operations = context.pipeline.syncOperations
            if begins {
                let delegate = ServiceConnection(responder: responder, eventLoop: context.eventLoop)
                try operations.addHandler(HTTP2ServerConnection(configuration: configuration, delegate: delegate))
            } else {
                try operations.configureHTTPServerPipeline(withErrorHandling: true)
                try operations.addHandler(HTTP1Exchange(responder: responder, limit: configuration.maxBodySize))
            }
        } catch {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(wrapInboundOut(received))
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Nothing was asked yet, so there is nothing to finish.
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
