import Octets

/// The values of a response's rate limit fields (draft-ietf-httpapi-ratelimit-headers, structured field lists of one
/// member each, RFC 9651) and of `Retry-After` (RFC 9110 section 10.2.3).
public struct RateLimitFields: Sendable, Hashable {
    /// Of `RateLimit-Policy`: `"login";q=10;w=60`, units and the window in seconds.
    public let policy: String
    /// Of `RateLimit`: `"login";r=3;t=21`, units left, and seconds from now until all are back; where none is left,
    /// until there is one, which is never later than `Retry-After`.
    public let limit: String
    /// Of `Retry-After`: seconds from now. Nil where the request is admitted.
    public let retryAfter: String?

    /// The fields for a verdict, about the policy closest to exhaustion; nil where the request had no demands.
    public init?(_ verdict: Verdict) {
        guard let standing = verdict.tightest else { return nil }
        policy = standing.policy.field
        let time = standing.remaining == 0 ? standing.retryAfterSeconds : standing.resetSeconds
        // This is made for each request.
        limit = String(joining: standing.policy.fieldBeginning, String(standing.remaining), ";t=", String(time))
        retryAfter = standing.isAdmitted ? nil : "\(max(1, standing.retryAfterSeconds))"
    }
}
