/// What a limiter is told about its surroundings.
public struct RateLimiterConfiguration: Sendable {
    /// Gateways that share the limits. While Redis is away, each admits half the rate divided by this.
    public var gateways = 1
    /// Accounts held in memory, about 300 bytes each; beyond, the one longest unused goes.
    public var maxAccounts = 100_000
    /// How often leases are reviewed.
    public var reviewInterval: Duration = .milliseconds(100)

    /// One gateway, and defaults.
    public init() {}
}
