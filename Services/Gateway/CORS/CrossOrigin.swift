import Domain
import FoundationEssentials
import HTTPFields

/// What of a request's answer a page of another origin may see (Fetch standard, CORS protocol).
///
/// Origins are named one by one, by the operator for all tenants and by each client for its own; nothing a caller sends
/// is ever reflected that was not named. Documents for everybody, such as key sets, say `*`, without credentials.
struct CrossOrigin: Sendable {
    /// The operator's origins, as browsers write them.
    private let everywhere: Set<String>
    /// Those of the tenants' clients.
    private let origins: OriginDirectory

    init(everywhere: Set<Origin>, origins: OriginDirectory) {
        self.everywhere = Set(everywhere.map(\.text))
        self.origins = origins
    }

    /// Whom a path is for.
    enum Audience: Equatable {
        /// Pages of named origins.
        case named
        /// Any page.
        case everybody
    }

    /// Adds the fields that go with any answer to a request, whatever its status.
    func add(to answer: inout HeaderBlock, for request: HeaderBlock, tenant: Tenant?, _ audience: Audience) {
        if audience == .everybody {
            answer.append("access-control-allow-origin", "*")
        } else {
            // Caches must not hand one origin's answer to another, also where this one is refused.
            answer.append("vary", "Origin")
            guard let origin = allowed(request, tenant) else { return }
            answer.append("access-control-allow-origin", origin)
            answer.append("access-control-allow-credentials", "true")
        }
        answer.append("access-control-expose-headers", Self.exposed)
    }

    /// Adds the fields that answer a preflight besides; false when the page may not send what it asks about.
    func addPreflight(
        to answer: inout HeaderBlock, for request: HeaderBlock, tenant: Tenant?, _ audience: Audience
    ) -> Bool {
        guard let method = request.value(of: "access-control-request-method"), Self.methods.contains(method),
            audience == .everybody || allowed(request, tenant) != nil
        else { return false }
        answer.append("access-control-allow-methods", Self.methods.joined(separator: ", "))
        answer.append("access-control-allow-headers", Self.requestFields)
        answer.append("access-control-max-age", "600")
        return true
    }

    /// Whether a request asks what a page may send.
    static func isPreflight(_ head: PublicHead) -> Bool {
        head.method == "OPTIONS" && head.fields.contains("origin")
            && head.fields.contains("access-control-request-method")
    }

    /// What the request names, when it was named here: those were read strictly, and they are compared byte for byte.
    private func allowed(_ request: HeaderBlock, _ tenant: Tenant?) -> String? {
        guard let origin = request.value(of: "origin"), request.occurrences(of: "origin") == 1 else { return nil }
        if everywhere.contains(origin) { return origin }
        guard let tenant, tenant.settings.origins.contains(origin) || origins.contains(origin, of: tenant.id) else {
            return nil
        }
        return origin
    }

    private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    private static let requestFields: StaticString =
        "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-Id, X-Tenant, DPoP, Traceparent"
    private static let exposed: StaticString =
        "WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, ETag, DPoP-Nonce"
}
