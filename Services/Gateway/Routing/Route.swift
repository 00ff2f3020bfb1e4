import Limits
import NIOCore

extension RouteTable {
    /// What happens to the requests of one prefix. A class, since every request carries it along.
    final class Route: Sendable {
        /// The path itself and everything below it. May hold one placeholder in braces, which stands for a segment.
        let prefix: String
        /// The one method it is for; nil for all.
        let method: String?
        /// The upstream, one of ours or the operator's, or `gateway` for what it answers itself.
        let service: String
        let authentication: Authentication
        /// Bytes.
        let bodyLimit: Int
        let timeout: TimeAmount
        /// Whose pages may read its answers.
        let audience: CrossOrigin.Audience
        /// How often who may ask.
        let limits: [Limit]
        /// Whether refusals look as RFC 6749 wants them.
        let speaksOAuth: Bool
        /// How requests go on to an upstream of the operator's; nil for our own.
        let operated: OperatorRules?
        let metrics: RouteMetrics

        init(
            prefix: String, method: String? = nil, service: String, authentication: Authentication, bodyLimit: Int,
            timeout: TimeAmount,
            audience: CrossOrigin.Audience = .named, limits: [Limit] = [], speaksOAuth: Bool = false,
            operated: OperatorRules? = nil
        ) {
            self.prefix = prefix
            self.method = method
            self.service = service
            self.authentication = authentication
            self.bodyLimit = bodyLimit
            self.timeout = timeout
            self.audience = audience
            self.limits = limits
            self.speaksOAuth = speaksOAuth
            self.operated = operated
            metrics = RouteMetrics(prefix)
        }
    }
}
