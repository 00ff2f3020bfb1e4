import CoreMetrics
public import HTTP2
public import Logging
public import NIOCore
import NIOPosix
public import ServiceLifecycle

/// A service's instances as one process reaches them: a pool per event loop; names resolved again and again, so that
/// instances added or moved are found without a restart; and each instance judged, for all event loops together, by
/// what becomes of its requests and by what it says of itself.
public final class Upstream: Sendable, Service {
    /// What it is called in logs and health reports.
    public let name: String
    private let addresses: [HostPort]
    private let pools: [(eventLoop: any EventLoop, pool: NIOLoopBound<UpstreamPool>)]
    private let health: UpstreamHealth
    private let policy: HealthPolicy
    private static let resolveInterval = Duration.seconds(2)

    /// An upstream; connections are made once `run` is called.
    public convenience init(
        name: String, addresses: [HostPort], configuration: HTTP2Configuration,
        eventLoopGroup: any EventLoopGroup, logger: Logger
    ) async throws {
        try await self.init(
            name: name, addresses: addresses, configuration: configuration, eventLoopGroup: eventLoopGroup,
            logger: logger, policy: HealthPolicy(), metrics: MetricsSystem.factory)
    }

    init(
        name: String, addresses: [HostPort], configuration: HTTP2Configuration, eventLoopGroup: any EventLoopGroup,
        logger: Logger, policy: HealthPolicy, metrics: any MetricsFactory
    ) async throws {
        self.name = name
        self.addresses = addresses
        self.policy = policy
        var logger = logger
        logger[metadataKey: "upstream"] = "\(name)"
        let health = UpstreamHealth(
            policy: policy, metrics: UpstreamMetrics(upstream: name, factory: metrics), logger: logger)
        self.health = health
        var pools: [(any EventLoop, NIOLoopBound<UpstreamPool>)] = []
        for eventLoop in eventLoopGroup.makeIterator() {
            let settings = UpstreamPool.Settings(
                eventLoop: eventLoop, configuration: configuration, health: health, patience: policy.patience,
                logger: logger)
            let pool = try await eventLoop.submit { NIOLoopBound(UpstreamPool(settings), eventLoop: eventLoop) }.get()
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
            let count = try? await eventLoop.submit { pool.value.connectedCount }.get()
            if let count, count > 0 { return true }
        }
        return false
    }

    /// How every instance stands.
    var standings: [SocketAddress: InstanceStanding] { health.reports().mapValues(\.standing) }

    public func run() async throws {
        let pools = pools
        health.tell { for (eventLoop, pool) in pools { eventLoop.execute { pool.value.refresh() } } }
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.keepResolving() }
                group.addTask { await self.keepAsking() }
            }
        }
        health.tell(nil)
        for (eventLoop, pool) in pools { eventLoop.execute { pool.value.shutDown() } }
    }

    private func keepResolving() async {
        var known: [SocketAddress] = []
        while !Task.isCancelled {
            let resolved = await resolve()
            // A name that can't be resolved for a moment doesn't make its instances go away.
            if !resolved.isEmpty, resolved != known {
                known = resolved
                health.setInstances(resolved)
                for (eventLoop, pool) in pools { eventLoop.execute { pool.value.setInstances(resolved) } }
            }
            try? await Task.sleep(for: Self.resolveInterval)
        }
    }

    private func resolve() async -> [SocketAddress] {
        let addresses = addresses
        let resolved = try? await NIOThreadPool.singleton.runIfActive { addresses.flatMap { $0.resolve() } }
        return (resolved ?? []).sorted { $0.description < $1.description }
    }

    private func keepAsking() async {
        var turn = 0
        while !Task.isCancelled {
            // Processes that were started together don't ask together.
            try? await Task.sleep(for: policy.interval * Double.random(in: 0.8...1.2))
            turn += 1
            await ask(turn: turn)
            await endTurn()
        }
    }

    /// Has each instance asked whether it is ready, once for all event loops, by a different one each time.
    func ask(turn: Int) async {
        let order = pools.indices.map { pools[($0 + turn) % pools.count] }
        for address in health.reports().keys {
            for (eventLoop, pool) in order {
                let isAsked = try? await eventLoop.submit { pool.value.ask(address) }.get()
                if isAsked == true { break }
            }
        }
    }

    private func endTurn() async {
        var open: [SocketAddress: Int] = [:]
        for (eventLoop, pool) in pools {
            let own = try? await eventLoop.submit { pool.value.turn() }.get()
            open.merge(own ?? [:], uniquingKeysWith: +)
        }
        for (address, count) in open { health.metrics.record(openRequests: count, of: address) }
    }
}
