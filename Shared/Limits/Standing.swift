/// How one demand of a request stands with its policy.
public struct Standing: Sendable {
    /// Where a decision was made.
    public enum Source: Int, Sendable, Hashable, CaseIterable {
        /// In Redis.
        case redis
        /// In memory, on units leased from Redis or about to be.
        case leased
        /// In memory, at half the rate, because Redis is away.
        case local
    }

    let terms: PolicyTerms
    /// The demand's place among those of the request, from 0.
    public let position: Int
    /// Whether this policy has a unit for the request.
    public let isAdmitted: Bool
    /// Units left, this request's already taken; for a leased policy a close estimate.
    public let remaining: Int
    /// Where the decision was made.
    public let source: Source
    let untilNext: Microseconds
    let untilFull: Microseconds

    init(_ terms: PolicyTerms, position: Int, _ decision: Gcra.Decision, source: Source) {
        self.init(
            terms: terms, position: position, isAdmitted: decision.isAdmitted, remaining: decision.remaining,
            source: source, untilNext: decision.retryAfter, untilFull: decision.reset)
    }

    private init(
        terms: PolicyTerms, position: Int, isAdmitted: Bool, remaining: Int, source: Source, untilNext: Microseconds,
        untilFull: Microseconds
    ) {
        self.terms = terms
        self.position = position
        self.isAdmitted = isAdmitted
        self.remaining = remaining
        self.source = source
        self.untilNext = untilNext
        self.untilFull = untilFull
    }

    /// The policy.
    public var policy: RatePolicy { terms.policy }

    /// Time until the policy has a unit again; zero where it has one now.
    public var retryAfter: Duration { .microseconds(untilNext) }

    /// Time until all units are back, if none is taken.
    public var reset: Duration { .microseconds(untilFull) }

    /// `retryAfter` in whole seconds, rounded up: who waits this long is in time, who waits a second less is not.
    public var retryAfterSeconds: Int { Self.secondsRoundedUp(untilNext) }

    /// `reset` in whole seconds, rounded up.
    public var resetSeconds: Int { Self.secondsRoundedUp(untilFull) }

    /// Whether this policy will be in the way sooner than the other.
    func isTighter(than other: Standing) -> Bool {
        if isAdmitted != other.isAdmitted { return !isAdmitted }
        if !isAdmitted { return untilNext > other.untilNext }
        if remaining != other.remaining { return remaining < other.remaining }
        return untilNext > other.untilNext
    }

    /// The same after the unit was given back, because another policy refuses the request.
    func refunded() -> Standing {
        Standing(
            terms: terms, position: position, isAdmitted: true, remaining: min(remaining + 1, policy.burst),
            source: source, untilNext: 0, untilFull: max(0, untilFull - policy.gcra.interval))
    }

    private static func secondsRoundedUp(_ time: Microseconds) -> Int {
        Int(time / 1_000_000 + (time % 1_000_000 > 0 ? 1 : 0))
    }
}
