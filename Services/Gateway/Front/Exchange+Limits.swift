import Octets
import HTTPFields
import Tokens
import HTTPTypes
import Domain
import FoundationEssentials
import Kit
import Limits
import NIOCore
import Spans

extension Exchange {
    /// Goes on with `proceed` when the route's limits let the request pass, else answers 429. Those that go by the token
    /// are asked once it is known, the others before it is looked at.
    func limit(
        _ route: RouteTable.Route, _ identity: EdgeAuthenticator.Identity?, _ proceed: @escaping (Exchange) -> Void
    ) {
        guard let limiter = loop.environment.limiter else { return proceed(self) }
        let demands = route.limits.compactMap { limit in
            limit.key.needsToken == (identity != nil) ? demand(limit, identity) : nil
        }
        guard !demands.isEmpty else { return proceed(self) }
        if let verdict = limiter.decideInMemory(demands) { return settle(verdict, route, proceed) }
        let span = request.recording?.beginLimit()
        limiter.decide(demands, on: loop.eventLoop) { verdict in
            span?.end()
            // The caller may have gone meanwhile.
            if case .done = self.phase { return }
            self.settle(verdict, route, proceed)
        }
    }

    private func settle(_ verdict: Verdict, _ route: RouteTable.Route, _ proceed: (Exchange) -> Void) {
        let fields = RateLimitFields(verdict)
        if let fields {
            note {
                $0.append("ratelimit-policy", fields.policy)
                $0.append("ratelimit", fields.limit, unindexed: true)
            }
        }
        guard !verdict.isAdmitted else { return proceed(self) }
        let wait = fields?.retryAfter ?? "1"
        guard route.speaksOAuth else { return fail(.rateLimited(retryAfter: wait)) }
        // Not `invalid_grant`: a client library would throw its session away (WIRE 15).
        let error = OAuthError(
            "temporarily_unavailable", "Too many requests; wait as long as Retry-After says.", status: .tooManyRequests)
        note { $0.append("retry-after", wait) }
        write(error.response(), error.body)
    }

    private func demand(_ limit: RouteTable.Limit, _ identity: EdgeAuthenticator.Identity?) -> Demand? {
        let tenant = request.tenant?.idText ?? ""
        switch limit.key {
        case .address:
            guard let address = request.address else { return nil }
            return Demand(limit.policy, String(joining: tenant, "/address/", address.prefix))
        case .tenant: return Demand(limit.policy, String(joining: tenant, "/tenant"))
        case .subject:
            guard let identity else { return nil }
            return Demand(limit.policy, String(joining: tenant, "/subject/", identity.claims.subject))
        case .client:
            guard let identity else { return nil }
            return Demand(limit.policy, String(joining: tenant, "/client/", identity.claims.clientID))
        }
    }
}
