import GatehouseTesting
import NIOCore
import NIOPosix
import Synchronization

/// A balancer of TCP connections, such as stands before several gateways: a new connection goes to the next of those
/// that are ready, and stays there; readiness is asked for again and again.
final class Balancer: Sendable {
    let port: Int
    private let listener: any Channel
    private let watch: Task<Void, Never>
    private let choice: Choice

    init(_ targets: [PlainHTTP]) async throws {
        let choice = Choice(ports: targets.map(\.port))
        self.choice = choice
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { caller in Self.connect(caller, choice.next()[...]) }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
        watch = Task {
            while !Task.isCancelled {
                for target in targets {
                    let isReady = try? await NIOThreadPool.singleton.runIfActive {
                        try target.send("GET", "/health/readiness").status == 200
                    }
                    choice.note(target.port, isReady: isReady ?? false)
                }
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Whether connections may go there, as far as is known.
    func sends(to target: PlainHTTP) -> Bool { choice.isReady(target.port) }

    func stop() async {
        watch.cancel()
        try? await listener.close()
    }

    /// Connects to the first of these ports that takes it, and lets bytes pass before anything is read.
    private static func connect(_ caller: any Channel, _ ports: ArraySlice<Int>) -> EventLoopFuture<Void> {
        guard let port = ports.first else { return caller.eventLoop.makeFailedFuture(ChannelError.connectPending) }
        let connected = ClientBootstrap(group: caller.eventLoop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: port)
        return connected.flatMapThrowing { target in
            try caller.pipeline.syncOperations.addHandler(Passage(to: target))
            try target.pipeline.syncOperations.addHandler(Passage(to: caller))
            try target.syncOptions?.setOption(.autoRead, value: true)
        }.flatMapError { _ in connect(caller, ports.dropFirst()) }
    }
}

/// Whose turn it is.
private final class Choice: Sendable {
    private struct State {
        var ready: Set<Int> = []
        var turn = 0
    }

    private let ports: [Int]
    private let state = Mutex(State())

    init(ports: [Int]) {
        self.ports = ports
    }

    func note(_ port: Int, isReady: Bool) {
        state.withLock { state in
            if isReady { state.ready.insert(port) } else { state.ready.remove(port) }
        }
    }

    func isReady(_ port: Int) -> Bool { state.withLock { $0.ready.contains(port) } }

    /// All of them, in the order they are to be tried: those that are ready go first.
    func next() -> [Int] {
        state.withLock { state in
            state.turn += 1
            let start = state.turn % ports.count
            let inTurn = ports[start...] + ports[..<start]
            return inTurn.filter { state.ready.contains($0) } + inTurn.filter { !state.ready.contains($0) }
        }
    }
}

/// Passes what comes on one connection to the other, its end included.
private final class Passage: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let other: any Channel

    init(to other: any Channel) {
        self.other = other
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { other.close(mode: .output, promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        other.close(promise: nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
