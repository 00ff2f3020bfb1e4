import Metrics
import Synchronization

/// The driver's instruments, shared by all its connections.
final class RedisMetrics: Sendable {
    /// How a command ended.
    enum Outcome: Int, CaseIterable {
        case ok, server, timeout, unavailable, overloaded, cancelled, other

        init(_ reply: Reply) {
            switch reply {
            case .success: self = .ok
            case .failure(let error):
                switch error {
                case .server: self = .server
                case .timeout: self = .timeout
                case .unavailable, .closed: self = .unavailable
                case .overloaded: self = .overloaded
                case .cancelled: self = .cancelled
                case .protocolViolation, .configuration: self = .other
                }
            }
        }
    }

    private let commands = Outcome.allCases.map {
        Counter(label: "gatehouse_redis_commands_total", dimensions: [("outcome", "\($0)")])
    }
    private let pendingGauge = Gauge(label: "gatehouse_redis_pending")
    private let connectedGauge = Gauge(label: "gatehouse_redis_connections_up")
    private let subscribedGauge = Gauge(label: "gatehouse_redis_subscription_up")
    private let lag = Gauge(label: "gatehouse_redis_subscription_lag_seconds")
    private let pending = Atomic(0)
    private let connected = Atomic(0)

    /// Connections of commands that were lost and made again.
    let reconnects = Counter(label: "gatehouse_redis_reconnects_total", dimensions: [("link", "commands")])
    /// Connections of subscriptions that were lost and made again.
    let subscriptionReconnects = Counter(
        label: "gatehouse_redis_reconnects_total", dimensions: [("link", "subscription")])
    /// Messages that could not be published.
    let publishFailures = Counter(label: "gatehouse_redis_publish_failures_total")
    /// Events dropped because a subscription's reader was slow.
    let droppedEvents = Counter(label: "gatehouse_redis_subscription_dropped_total")

    func count(_ outcome: Outcome, by amount: Int64) {
        commands[outcome.rawValue].increment(by: amount)
    }

    func changePending(by difference: Int) {
        pendingGauge.record(pending.add(difference, ordering: .relaxed).newValue)
    }

    func changeConnected(by difference: Int) {
        connectedGauge.record(connected.add(difference, ordering: .relaxed).newValue)
    }

    func recordSubscription(isUp: Bool) {
        subscribedGauge.record(isUp ? 1 : 0)
    }

    /// Time a sign of life took on the subscription's connection.
    func recordLag(nanoseconds: Int64) {
        lag.record(Double(nanoseconds) / 1e9)
    }
}

/// Outcomes of one connection's commands, added up on its event loop and recorded once a batch.
final class CommandTally {
    private let metrics: RedisMetrics
    private var counts = [Int64](repeating: 0, count: RedisMetrics.Outcome.allCases.count)
    private var lastPending = 0

    init(metrics: RedisMetrics) {
        self.metrics = metrics
    }

    /// Hands the answer over and counts how the command ended.
    func complete(_ receiver: Receiver, _ reply: Reply) {
        let outcome = receiver.complete(reply) ? RedisMetrics.Outcome(reply) : .cancelled
        counts[outcome.rawValue] += 1
    }

    /// Records what was added up and, where given, how many commands wait on the connection.
    func flush(pending: Int? = nil) {
        for outcome in RedisMetrics.Outcome.allCases where counts[outcome.rawValue] > 0 {
            metrics.count(outcome, by: counts[outcome.rawValue])
            counts[outcome.rawValue] = 0
        }
        guard let pending, pending != lastPending else { return }
        metrics.changePending(by: pending - lastPending)
        lastPending = pending
    }
}
