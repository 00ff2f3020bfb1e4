import Domain
import FoundationEssentials
import NIOHTTP1

/// What of a request's answer a page of another origin may see (Fetch standard, CORS protocol).
///
/// Origins are named one by one, by the operator for all tenants and by each client for its own; nothing a caller sends
/// is ever reflected that was not named. Documents for everybody, such as key sets, say `*`, without credentials.
struct CrossOrigin: Sendable {
    /// The operator's origins.
    let everywhere: Set<Origin>
    /// Those of the tenants' clients.
    let origins: OriginDirectory

    /// Whom a path is for.
    enum Audience: Equatable {
        /// Pages of named origins.
        case named
        /// Any page.
        case everybody
    }

    /// The fields that go with an answer, whatever its status.
    func fields(_ headers: HTTPHeaders, tenant: Tenant?, for audience: Audience) -> [(name: String, value: String)] {
        if audience == .everybody { return [("access-control-allow-origin", "*")] + Self.exposed }
        // Caches must not hand one origin's answer to another, also where this one is refused.
        let vary = [("vary", "Origin")]
        guard let origin = allowed(headers, tenant) else { return vary }
        return vary + [
            ("access-control-allow-origin", origin.text), ("access-control-allow-credentials", "true"),
        ] + Self.exposed
    }

    /// The fields of a preflight's answer; nil when the page may not send what it asks about.
    func preflight(
        _ headers: HTTPHeaders, tenant: Tenant?, for audience: Audience
    ) -> [(name: String, value: String)]? {
        guard let method = headers.first(name: "access-control-request-method"), Self.methods.contains(method),
            audience == .everybody || allowed(headers, tenant) != nil
        else { return nil }
        return fields(headers, tenant: tenant, for: audience).filter { $0.name != "access-control-expose-headers" } + [
            ("access-control-allow-methods", Self.methods.joined(separator: ", ")),
            ("access-control-allow-headers", Self.requestFields), ("access-control-max-age", "600"),
        ]
    }

    /// Whether a request asks what a page may send.
    static func isPreflight(_ head: HTTPRequestHead) -> Bool {
        head.method == .OPTIONS && head.headers.contains(name: "origin")
            && head.headers.contains(name: "access-control-request-method")
    }

    private func allowed(_ headers: HTTPHeaders, _ tenant: Tenant?) -> Origin? {
        let fields = headers["origin"]
        guard fields.count == 1, let origin = Origin(fields[0]) else { return nil }
        if everywhere.contains(origin) { return origin }
        guard let tenant, origins.contains(origin, of: tenant.id) else { return nil }
        return origin
    }

    private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    private static let requestFields =
        "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-Id, X-Tenant, DPoP, Traceparent"
    private static let exposed = [
        (
            "access-control-expose-headers",
            "WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, ETag, DPoP-Nonce"
        )
    ]
}
