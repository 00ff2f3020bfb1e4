/// What a route to an upstream of the operator's asks of requests, and what goes on of them.
struct OperatorRules: Sendable {
    let upstream: OperatorUpstream
    /// What a token has to have.
    var requirements = ForwardAuth.Requirements()
    /// Whether the path goes on without the route's prefix.
    var stripsPrefix = false
    /// Whether a request may become a WebSocket (RFC 6455).
    var takesWebSockets = false
    /// Whether the caller's `Host` goes on, not that of the upstream's URL.
    var keepsHost = false
    /// Whether `Authorization` goes on.
    var keepsAuthorization = false
}
