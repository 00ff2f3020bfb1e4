import Metrics

/// A policy as one limiter applies it: the numbers that follow from it, and its counters.
final class PolicyTerms: Sendable {
    let policy: RatePolicy
    /// The bucket of a key while Redis is away: half the policy's rate and burst, divided among the gateways.
    let floor: Gcra
    /// What a calm key holds in lease.
    let leaseFloor: Int
    private let gateways: Int
    private let leastCredit: Int
    private let counters: [Counter]

    init(_ policy: RatePolicy, gateways: Int) {
        self.policy = policy
        let gateways = max(1, min(gateways, 10_000))
        // At most 3.2e13 µs (366 days) times 20,000: no overflow.
        floor = Gcra(
            interval: policy.gcra.interval * Int64(2 * gateways), burst: max(1, policy.burst / (2 * gateways)))
        self.gateways = gateways
        leaseFloor = max(1, (policy.burst + 4 * gateways - 1) / (4 * gateways))
        leastCredit = max(1, min(policy.quota, policy.burst) / 100)
        counters = Standing.Source.allCases.flatMap { source in
            ["refused", "admitted"].map { outcome in
                Counter(
                    label: "gatehouse_ratelimit_decisions_total",
                    dimensions: [("policy", policy.name), ("source", "\(source)"), ("outcome", outcome)])
            }
        }
    }

    /// Units that may be spent before they are leased, where Redis is known to have some: a hundredth of the quota, or a
    /// small part of what is left where that is more. They are charged with the next lease whatever is left then: lent,
    /// not given away.
    func credit(left: Int) -> Int { max(leastCredit, left / (8 * gateways)) }

    func count(_ source: Standing.Source, isAdmitted: Bool) {
        counters[source.rawValue * 2 + (isAdmitted ? 1 : 0)].increment()
    }
}
