import GatehouseTesting
import Testing

@Suite("Pages of other origins", .timeLimit(.minutes(3)))
struct CrossOriginTests {
    private func ask(
        _ suite: RunningSuite, _ path: String, origin: String, method: String = "POST", tenant: String? = nil
    ) throws -> PlainHTTP.Answer {
        try suite.send(
            "OPTIONS", path, tenant: tenant,
            headers: ["Origin: \(origin)", "Access-Control-Request-Method: \(method)"])
    }

    @Test("an origin that a client of the tenant named may call, as soon as it is named and no longer than it is")
    func named() async throws {
        let suite = try SharedSuite.get()
        let (tenant, other) = (try await suite.tenant().slug, try await suite.tenant().slug)
        let origin = "https://\(uniqueName()).example"
        #expect(try ask(suite, "/api/v1/auth/login", origin: origin, tenant: tenant).status == 403)
        let root = try suite.superuser()
        let made = try suite.post(
            "/api/v1/admin/clients",
            #"{"name":"page","confidential":false,"grant_types":["refresh_token"],"origins":["\#(origin)"]}"#,
            bearer: root)
        #expect(made.status == 201)
        try await eventually { try ask(suite, "/api/v1/auth/login", origin: origin).status == 204 }
        let allowed = try ask(suite, "/api/v1/auth/login", origin: origin)
        #expect(allowed.header("access-control-allow-origin") == origin)
        #expect(allowed.header("access-control-allow-credentials") == "true")
        #expect(allowed.header("access-control-allow-methods")?.contains("POST") == true)
        #expect(allowed.header("access-control-allow-headers")?.contains("Authorization") == true)
        #expect(allowed.header("vary") == "Origin")
        #expect(try ask(suite, "/api/v1/auth/login", origin: origin, tenant: other).status == 403)

        // Whatever the status, a page may read why.
        for (path, status) in [("/api/v1/auth/me", 401), ("/nowhere", 404), ("/api/v1/auth/login", 405)] {
            let answer = try suite.send("GET", path, headers: ["Origin: \(origin)"])
            #expect(answer.status == status)
            if status != 404 {
                #expect(answer.header("access-control-allow-origin") == origin)
                #expect(answer.header("access-control-expose-headers")?.contains("WWW-Authenticate") == true)
            }
        }
        let id = try suite.sql("select id from clients where '\(origin)' = any (origins)")
        #expect(try suite.send("DELETE", "/api/v1/admin/clients/\(id)", bearer: root).status == 204)
        try await eventually { try ask(suite, "/api/v1/auth/login", origin: origin).status == 403 }
    }

    @Test(
        "an origin that nobody named is never echoed",
        arguments: [
            "https://evil.example", "null", "*", "https://app.example.evil", "https://evilapp.example",
            "http://app.example", "https://app.example:8443", "https://APP.example", "https://app.example/",
        ])
    func strangers(origin: String) async throws {
        let suite = try RunningCrossOriginSuite.get()
        let preflight = try ask(suite, "/api/v1/auth/login", origin: origin)
        #expect(preflight.status == 403)
        let answer = try suite.send("GET", "/api/v1/auth/me", headers: ["Origin: \(origin)"])
        for one in [preflight, answer] {
            #expect(one.header("access-control-allow-origin") == nil)
            #expect(one.header("vary") == "Origin")
        }
        #expect(try ask(suite, "/api/v1/auth/login", origin: "https://app.example").status == 204)
        #expect(try ask(suite, "/api/v1/auth/login", origin: "https://app.example", method: "BREW").status == 403)
    }

    @Test("documents for everybody may be read by any page, without credentials")
    func everybody() throws {
        let suite = try SharedSuite.get()
        for path in ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/api/v1/openapi.json"] {
            let answer = try suite.send("GET", path, headers: ["Origin: https://evil.example"])
            #expect(answer.header("access-control-allow-origin") == "*")
            #expect(answer.header("access-control-allow-credentials") == nil)
        }
    }
}

/// A suite whose operator has named an origin.
private enum RunningCrossOriginSuite {
    private static let started = Result {
        try RunningSuite(settings: ["CORS_ORIGINS=https://app.example, http://localhost:3000"])
    }

    static func get() throws -> RunningSuite { try started.get() }
}
