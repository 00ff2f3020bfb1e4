import Metrics

/// A limiter's own instruments; decisions are counted with their policies.
struct LimiterMetrics: Sendable {
    /// 1 while decisions are made without Redis.
    private let degraded = Gauge(label: "gatehouse_ratelimit_degraded")
    /// Accounts held in memory.
    private let accounts = Gauge(label: "gatehouse_ratelimit_accounts")
    /// Accounts that had to go for others.
    private let evictions = Counter(label: "gatehouse_ratelimit_evictions_total")
    /// Calls in which leases were brought up to date.
    private let renewals = Counter(label: "gatehouse_ratelimit_lease_calls_total", dimensions: [("outcome", "ok")])
    /// Such calls that failed.
    private let failures = Counter(label: "gatehouse_ratelimit_lease_calls_total", dimensions: [("outcome", "failed")])

    func recordDegraded(_ isDegraded: Bool) {
        degraded.record(isDegraded ? 1 : 0)
    }

    func recordAccounts(_ count: Int, evictions new: Int) {
        accounts.record(count)
        if new > 0 { evictions.increment(by: new) }
    }

    func recordCall(isAnswered: Bool) {
        (isAnswered ? renewals : failures).increment()
    }
}
