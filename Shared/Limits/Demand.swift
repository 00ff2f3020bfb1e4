/// A policy that applies to a request, and whom it counts.
public struct Demand: Sendable, Hashable {
    /// What is allowed.
    public let policy: RatePolicy
    /// Whom it is allowed to: an account, an address prefix, a client, any text of any length. The caller sees to it
    /// that different things are different texts (tenant first, a mark of the kind of thing). It does not reach Redis.
    public let subject: String

    /// One unit of a policy for a subject.
    public init(_ policy: RatePolicy, _ subject: String) {
        self.policy = policy
        self.subject = subject
    }
}
