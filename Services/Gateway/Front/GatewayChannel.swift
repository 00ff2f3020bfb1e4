import Glibc
import HummingbirdCore
import Kit
import Logging
import NIOCore
import NIOSSL

/// How a public port speaks: HTTP/1.1 and HTTP/2, with TLS or without, each connection on one event loop with that loop's connections to the services.
struct GatewayChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
    }

    private static let unsentLimit = NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT)

    /// What is spoken behind TLS, as ALPN names it.
    static let protocols = ["h2", "http/1.1"]

    let loops: GatewayLoops
    /// Where there are some, the port speaks TLS.
    var certificates: CertificateStore?
    /// Whether HTTP/2 is taken without TLS, too.
    var takesPlainHTTP2 = false

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            // The kernel takes no more for a caller than it can soon send: what waits, waits where it is counted.
            try channel.syncOptions?.setOption(.tcpOption(Self.unsentLimit), value: 64 << 10)
            let loop = loops.loop(of: channel.eventLoop)
            if let certificates {
                let operations = channel.pipeline.syncOperations
                try operations.addHandler(NIOSSLServerHandler(context: certificates.context))
                try operations.addHandler(
                    HandshakeHandler(loop: loop) { negotiated in
                        if negotiated == "h2" {
                            try HTTP2Front.add(to: channel, loop, isSecure: true)
                        } else {
                            try HTTP1Front.add(to: channel, loop, isSecure: true)
                        }
                    })
            } else if takesPlainHTTP2 {
                try channel.pipeline.syncOperations.addHandler(PrefaceHandler(loop: loop))
            } else {
                try HTTP1Front.add(to: channel, loop)
            }
            return Value(channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
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

/// The gateway's state on each event loop of its group.
struct GatewayLoops: Sendable {
    private let entries: [(eventLoop: any EventLoop, loop: NIOLoopBound<GatewayLoop>)]

    init(_ group: any EventLoopGroup, _ environment: GatewayEnvironment) async throws {
        var entries: [(any EventLoop, NIOLoopBound<GatewayLoop>)] = []
        for eventLoop in group.makeIterator() {
            let loop = try await eventLoop.submit {
                NIOLoopBound(GatewayLoop(eventLoop: eventLoop, environment: environment), eventLoop: eventLoop)
            }.get()
            entries.append((eventLoop, loop))
        }
        self.entries = entries
    }

    func loop(of eventLoop: any EventLoop) -> GatewayLoop {
        guard let entry = entries.first(where: { $0.eventLoop === eventLoop }) else {
            preconditionFailure("not a loop of this process's group")
        }
        return entry.loop.value
    }
}
