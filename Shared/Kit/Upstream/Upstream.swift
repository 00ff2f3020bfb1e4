public import HTTP2
public import Logging
public import NIOCore
import NIOPosix
public import ServiceLifecycle

/// A service's instances as one process reaches them: a pool per event loop, and names resolved again and again, so
/// that instances added or moved are found without a restart.
public final class Upstream: Sendable, Service {
    /// What it is called in logs and health reports.
    public let name: String
    private let addresses: [HostPort]
    private let pools: [(eventLoop: any EventLoop, pool: NIOLoopBound<UpstreamPool>)]
    private let logger: Logger
    private static let resolveInterval = Duration.seconds(2)

    /// An upstream; connections are made once `run` is called.
    public init(
        name: String, addresses: [HostPort], configuration: HTTP2Configuration,
        eventLoopGroup: any EventLoopGroup, logger: Logger
    ) async throws {
        self.name = name
        self.addresses = addresses
        self.logger = logger
        var pools: [(any EventLoop, NIOLoopBound<UpstreamPool>)] = []
        for eventLoop in eventLoopGroup.makeIterator() {
            let pool = try await eventLoop.submit {
                NIOLoopBound(
                    UpstreamPool(name: name, eventLoop: eventLoop, configuration: configuration, logger: logger),
                    eventLoop: eventLoop)
            }.get()
            pools.append((eventLoop, pool))
        }
        self.pools = pools
    }

    /// The pool of the loop this is called on.
    /// - Precondition: Called on a loop of the group.
    public func pool(on eventLoop: any EventLoop) -> UpstreamPool {
        guard let entry = pools.first(where: { $0.eventLoop === eventLoop }) else {
            preconditionFailure("not a loop of this process's group")
        }
        return entry.pool.value
    }

    /// The loop to use from code that runs on `current`, or on none.
    func eventLoop(near current: (any EventLoop)?) -> any EventLoop {
        pools.first { $0.eventLoop === current }?.eventLoop ?? pools[Int.random(in: 0..<pools.count)].eventLoop
    }

    /// Whether any loop has a connection to any instance.
    public func isReachable() async -> Bool {
        for (eventLoop, pool) in pools {
            let count = try? await eventLoop.submit { pool.value.readyCount }.get()
            if let count, count > 0 { return true }
        }
        return false
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var known: [SocketAddress] = []
            while !Task.isCancelled {
                let resolved = await self.resolve()
                // A name that can't be resolved for a moment doesn't make its instances go away.
                if !resolved.isEmpty, resolved != known {
                    known = resolved
                    for (eventLoop, pool) in self.pools { eventLoop.execute { pool.value.setInstances(resolved) } }
                }
                try? await Task.sleep(for: Self.resolveInterval)
            }
        }
        for (eventLoop, pool) in pools { eventLoop.execute { pool.value.shutDown() } }
    }

    private func resolve() async -> [SocketAddress] {
        let addresses = addresses
        let resolved = try? await NIOThreadPool.singleton.runIfActive { addresses.flatMap { $0.resolve() } }
        return (resolved ?? []).sorted { $0.description < $1.description }
    }
}
