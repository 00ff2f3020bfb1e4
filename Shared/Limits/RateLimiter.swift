public import Logging
public import NIOCore
public import Redis
public import ServiceLifecycle
import Synchronization

/// Decides whether a request is within the limits that apply to it: one of these in each gateway.
///
/// All policies of a request must admit it, or none is charged. Strict ones are decided by Redis, leased ones in memory;
/// while Redis is away, both by buckets of this process at half the rate. Nothing here fails, and nothing waits longer
/// than the Redis client's own deadline. Leases are kept up by `run`; in a service group it comes after the client, so
/// that it can give back what is unspent before the client closes.
public final class RateLimiter: Sendable, Service {
    let redis: RedisClient
    let ledger: Ledger
    let configuration: RateLimiterConfiguration
    let logger: Logger
    let signals: AsyncStream<Void>
    let signal: AsyncStream<Void>.Continuation
    let metrics = LimiterMetrics()
    let lastReview = Atomic<Microseconds>(0)
    private let isWoken: WakeFlag
    private let isFailing = Atomic(false)
    private let clock: @Sendable () -> Microseconds

    /// A limiter.
    public convenience init(
        redis: RedisClient, configuration: RateLimiterConfiguration = RateLimiterConfiguration(), logger: Logger
    ) {
        self.init(redis: redis, configuration: configuration, logger: logger) {
            Int64(truncatingIfNeeded: NIODeadline.now().uptimeNanoseconds / 1000)
        }
    }

    /// - Parameter clock: Microseconds that only grow.
    init(
        redis: RedisClient, configuration: RateLimiterConfiguration, logger: Logger,
        clock: @escaping @Sendable () -> Microseconds
    ) {
        self.redis = redis
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        let isWoken = WakeFlag()
        self.isWoken = isWoken
        let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        (self.signals, self.signal) = (signals, signal)
        ledger = Ledger(capacity: configuration.maxAccounts, gateways: configuration.gateways) {
            // Many accounts may become urgent before the first is seen to.
            if isWoken.raise() { signal.yield() }
        }
    }

    /// Whether decisions are made without Redis.
    public var isDegraded: Bool { isFailing.load(ordering: .relaxed) }

    var now: Microseconds { clock() }

    // MARK: Deciding

    /// Decides, and calls back on the event loop: before this returns where all policies are leased or Redis is known to
    /// be away, otherwise when Redis has answered or its client given up.
    ///
    /// Called on the event loop. A policy and subject named twice in one request are charged once or twice.
    public func decide(
        _ demands: [Demand], on eventLoop: any EventLoop, _ completion: @escaping (Verdict) -> Void
    ) {
        eventLoop.preconditionInEventLoop()
        switch begin(demands, isRedisAway: isRedisAway) {
        case .decided(let verdict): completion(verdict)
        case .asking(let call):
            redis.evaluate(StrictScript.script, keys: call.keys, arguments: call.arguments, on: eventLoop)
                .assumeIsolated()
                .whenComplete { result in completion(self.finish(call, result)) }
        }
    }

    /// Decides from any task.
    public func decide(_ demands: [Demand]) async -> Verdict {
        switch begin(demands, isRedisAway: isRedisAway) {
        case .decided(let verdict): return verdict
        case .asking(let call):
            do {
                let reply = try await redis.evaluate(
                    StrictScript.script, keys: call.keys, arguments: call.arguments)
                return finish(call, .success(reply))
            } catch {
                return finish(call, .failure(error))
            }
        }
    }

    /// Decides at once, from any thread; nil, and nothing charged, where Redis has to be asked.
    public func decideInMemory(_ demands: [Demand]) -> Verdict? {
        let isRedisAway = isRedisAway
        if !isRedisAway, demands.contains(where: { $0.policy.kind == .strict }) { return nil }
        guard case .decided(let verdict) = begin(demands, isRedisAway: isRedisAway) else { return nil }
        return verdict
    }

    private enum Beginning {
        case decided(Verdict)
        case asking(StrictScript.Call)
    }

    /// Decides what can be decided in memory. What a leased policy refuses does not go to Redis.
    private func begin(_ demands: [Demand], isRedisAway: Bool) -> Beginning {
        let now = clock()
        var verdict = Verdict()
        let byFloor = isDegraded
        var hasStrict = false
        for (position, demand) in demands.enumerated() {
            if demand.policy.kind == .strict {
                hasStrict = true
            } else {
                verdict.append(ledger.charge(demand, position: position, byFloor: byFloor, now: now))
                if !verdict.isAdmitted { break }
            }
        }
        if hasStrict, verdict.isAdmitted {
            guard isRedisAway else { return .asking(StrictScript.Call(demands, after: verdict)) }
            chargeFloors(of: demands, &verdict, now: now)
        }
        conclude(&verdict, demands)
        return .decided(verdict)
    }

    private func finish(_ call: StrictScript.Call, _ reply: Result<RedisValue, any Error>) -> Verdict {
        var verdict = call.verdict
        if case .success(let value) = reply, let decisions = call.decisions(value) {
            setFailing(false)
            for (position, decision) in zip(call.positions, decisions) {
                let terms = ledger.terms(call.demands[position].policy)
                verdict.append(Standing(terms, position: position, decision, source: .redis))
            }
        } else {
            // A caller that does not wait says nothing of Redis.
            if case .failure(RedisError.cancelled) = reply {} else { setFailing(true) }
            chargeFloors(of: call.demands, &verdict, now: clock())
        }
        conclude(&verdict, call.demands)
        return verdict
    }

    private func chargeFloors(of demands: [Demand], _ verdict: inout Verdict, now: Microseconds) {
        for (position, demand) in demands.enumerated() where demand.policy.kind == .strict {
            verdict.append(ledger.charge(demand, position: position, byFloor: true, now: now))
            if !verdict.isAdmitted { return }
        }
    }

    /// Gives back what was charged in memory for a request that is refused, and counts.
    private func conclude(_ verdict: inout Verdict, _ demands: [Demand]) {
        if !verdict.isAdmitted {
            verdict.update { standing in
                guard standing.isAdmitted, standing.source != .redis else { return standing }
                ledger.refund(demands[standing.position], source: standing.source)
                return standing.refunded()
            }
        }
        verdict.count()
    }

    // MARK: How Redis fares

    /// Whether a call to Redis has failed and there is no sign yet that another would not.
    private var isRedisAway: Bool { isDegraded && !redis.isAvailable }

    func setFailing(_ value: Bool) {
        guard isFailing.load(ordering: .relaxed) != value,
            isFailing.exchange(value, ordering: .relaxed) != value
        else { return }
        metrics.recordDegraded(value)
        if value {
            logger.warning("rate limits are kept without Redis, at half the rate")
        } else {
            logger.notice("rate limits are kept in Redis again")
        }
    }

    /// From now on an urgent account is signalled again.
    func lowerWakeFlag() { isWoken.lower() }
}

/// Whether a signal is on its way already.
private final class WakeFlag: Sendable {
    private let isUp = Atomic(false)

    /// Returns false where it was up before.
    func raise() -> Bool {
        // Read first: while it is up, threads share the line instead of taking it from each other.
        !isUp.load(ordering: .relaxed) && !isUp.exchange(true, ordering: .acquiringAndReleasing)
    }

    func lower() { isUp.store(false, ordering: .releasing) }
}
