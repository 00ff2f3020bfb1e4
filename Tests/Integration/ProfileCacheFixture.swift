import FoundationEssentials
import GatehouseTesting
import Kit

/// One instance of identity, asked as the gateway asks it.
struct IdentityInstance: Sendable {
    let http: PlainHTTP
    private let key: String

    /// The first instance of a suite has the number 0.
    init(_ suite: RunningSuite, _ number: Int = 0) throws {
        http = PlainHTTP(port: (suite.ports["PORT_IDENTITY"] ?? 0) + 10 * number)
        key = try suite.secret("internal_key")
    }

    /// Sends a request of a user, with a token that nothing cuts off.
    func send(
        _ method: String, _ path: String, _ body: String? = nil, of user: String, organization: String? = nil,
        headers: [String] = []
    ) throws -> PlainHTTP.Answer {
        let claims = [
            "X-Gatehouse-Key: \(key)", "X-Gatehouse-Tenant: \(RunningSuite.tenant)", "X-Gatehouse-Subject: \(user)",
            "X-Gatehouse-Session: 0198c7a0-0000-7000-8000-000000000000", "X-Gatehouse-Client: gatehouse",
            "X-Gatehouse-Epoch: 1000000",
        ]
        return try http.send(
            method, path, headers: claims + (organization.map { ["X-Gatehouse-Organization: \($0)"] } ?? []) + headers,
            body: body)
    }

    func me(_ user: String, organization: String? = nil, headers: [String] = []) throws -> PlainHTTP.Answer {
        try send("GET", "/api/v1/auth/me", of: user, organization: organization, headers: headers)
    }

    /// Looks at a profile until it comes from the cache, as when changes are heard of.
    func warm(_ user: String, organization: String? = nil) async throws {
        try await eventually {
            let before = try lookups("hit")
            _ = try me(user, organization: organization)
            return try lookups("hit") > before
        }
    }

    func lookups(_ result: String) throws -> Double {
        let line = try http.send("GET", "/metrics").body.split(separator: "\n").first {
            $0.hasPrefix("gatehouse_profile_cache_lookups_total") && $0.contains(#"result="\#(result)""#)
        }
        return line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
    }
}
