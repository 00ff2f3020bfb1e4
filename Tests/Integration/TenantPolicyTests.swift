import GatehouseTesting
import Kit
import Testing

@Suite("What a tenant decides", .timeLimit(.minutes(3)))
struct TenantPolicyTests {
    private func register(_ suite: RunningSuite, _ tenant: String, _ body: String) throws -> PlainHTTP.Answer {
        try suite.post("/api/v1/auth/register", body, tenant: tenant)
    }

    @Test("closed: nobody registers; domains: only whoever has an address of one")
    func registration() async throws {
        let suite = try SharedSuite.get()
        let closed = try await suite.tenant(#"{"registration":"open"}"#)
        let patched = try suite.send(
            "PATCH", "/api/v1/admin/tenants/\(closed.id)", #"{"settings":{"registration":"closed"}}"#,
            bearer: suite.superuser())
        #expect(patched.status == 200)
        let body = #"{"username":"x","password":"correct horse 7 battery"}"#
        try await eventually { try register(suite, closed.slug, body).status == 403 }

        let domains = try await suite.tenant(#"{"registration":"domains","registration_domains":["example.com"]}"#)
        func email(_ address: String) -> String { #"{"email":"\#(address)","password":"correct horse 7 battery"}"# }
        #expect(try register(suite, domains.slug, email("a@EXAMPLE.com")).status == 201)
        for address in ["a@example.org", "a@sub.example.com", "a@example.com.evil.example"] {
            let refused = try register(suite, domains.slug, email(address))
            #expect(refused.status == 422)
            #expect(refused.body.contains("domain_not_allowed"))
        }
        #expect(try register(suite, domains.slug, body).status == 422)
    }

    @Test("concealed registration answers alike for a new address and a taken one, whose owner gets a mail")
    func concealed() async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant(#"{"registration_concealed":true}"#).slug
        let address = "\(uniqueName())@example.com"
        let body = #"{"email":"\#(address)","password":"correct horse 7 battery"}"#
        let answers = try (0..<2).map { _ in
            try suite.post("/api/v1/auth/register", body, tenant: tenant, headers: ["X-Request-Id: same"])
        }
        #expect(answers.map(\.status) == [202, 202])
        #expect(answers[0].body == answers[1].body)
        #expect(answers[0].headers.map(\.name) == answers[1].headers.map(\.name))
        try await eventually { try suite.mails(to: address).contains { $0.contains("have an account already") } }
        #expect(try suite.sql("select count(*) from users where email = '\(address)'") == "1")
        let named = try suite.post(
            "/api/v1/auth/register", #"{"username":"\#(uniqueName())","password":"correct horse 7 battery"}"#,
            tenant: tenant)
        #expect(named.status == 202)
        let name = try suite.sql(
            "select username from users where username is not null order by created_at desc limit 1")
        for email in [address, "\(uniqueName())@example.com"] {
            let both = #"{"username":"\#(name)","email":"\#(email)","password":"correct horse 7 battery"}"#
            #expect(try suite.post("/api/v1/auth/register", both, tenant: tenant).status == 409)
        }
        let login = #"{"email":"\#(address)","password":"correct horse 7 battery"}"#
        #expect(try suite.post("/api/v1/auth/login", login, tenant: tenant).status == 401, "not before it is proven")
    }

    @Test("password rules are the tenant's, and every broken one is told")
    func passwords() async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant(
            #"{"password_minimum_length":12,"password_classes":3,"password_history":2}"#)
        let bad = try register(suite, tenant.slug, #"{"username":"somebody","password":"somebody"}"#)
        #expect(bad.status == 422)
        for code in ["too_short", "too_few_classes", "password_contextual"] { #expect(bad.body.contains(code)) }

        let passwords = ["First horse 1 battery", "Second horse 2 battery", "Third horse 3 battery", "Fourth horse 4"]
        let person = try Person(suite, tenant: tenant.slug, password: passwords[0])
        var access = try person.login().access
        func change(_ current: Int, _ new: Int) throws -> PlainHTTP.Answer {
            try suite.post(
                "/api/v1/auth/change-password",
                #"{"current_password":"\#(passwords[current])","new_password":"\#(passwords[new])"}"#,
                tenant: tenant.slug, bearer: access)
        }
        #expect(try change(0, 1).status == 204)
        #expect(try change(1, 2).status == 204)
        #expect(try change(2, 0).body.contains("password_reused"))
        #expect(try change(2, 1).body.contains("password_reused"))
        #expect(try change(2, 3).status == 204)
        access = try person.login(passwords[3]).access
        #expect(try change(3, 0).status == 204, "what is older than the history may come again")
    }

    @Test("a login before the address is proven is refused where the tenant wants it so")
    func provenAddress() async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant(#"{"login_requires_verified_email":true}"#).slug
        let person = try Person(suite, tenant: tenant)
        #expect(try person.attempt().status == 401)
        let token = try await suite.mailedToken(to: person.email, about: "confirm your")
        let verified = try suite.post("/api/v1/auth/verify-email", #"{"token":"\#(token)"}"#, tenant: tenant)
        #expect(verified.status == 204)
        #expect(try person.attempt().status == 200)
    }

    @Test("fifty logins at once leave as many sessions as the tenant allows, the latest", arguments: [1, 5])
    func sessionLimit(limit: Int) async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant(#"{"max_sessions":\#(limit)}"#)
        let person = try Person(suite, tenant: tenant.slug)
        // Sessions are opened as identity asks for them, so that no hash spreads them out.
        let token = PlainHTTP(port: suite.ports["PORT_TOKEN"] ?? 0)
        let request = token.request(
            "POST", "/internal/sessions",
            headers: [
                "X-Gatehouse-Key: \(try suite.secret("internal_key"))", "X-Gatehouse-Tenant: \(tenant.id)",
            ], body: #"{"user":"\#(person.id)","client":"gatehouse","amr":["pwd"]}"#)
        for _ in 0..<20 {
            let answers = try token.burst(Array(repeating: request, count: 50))
            #expect(answers.allSatisfy { $0.status == 200 })
            let living = try suite.sql(
                "select count(*) from sessions where user_id = '\(person.id)' and revoked_at is null")
            #expect(living == "\(limit)")
        }
    }

    @Test("a session ends at its absolute and its idle limit, and no token outlives it")
    func lifetimes() async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant(#"{"session_lifetime_seconds":100}"#).slug
        let person = try Person(suite, tenant: tenant)
        let answer = try person.attempt()
        let lifetime = try #require(JSONParser.parse(answer.body.utf8)["expires_in"]?.integer)
        #expect((95...100).contains(lifetime))
        let tokens = try Tokens(answer.body)
        let rotated = try Tokens(suite.refresh(tokens.refresh, tenant: tenant).body)
        try suite.sql("update sessions set expires_at = now() where id = '\(tokens.session)'")
        #expect(try suite.refresh(rotated.refresh, tenant: tenant).status == 401)
        let idle = try person.login()
        try suite.sql("update sessions set idle_expires_at = now() where id = '\(idle.session)'")
        #expect(try suite.refresh(idle.refresh, tenant: tenant).status == 401)
    }
}
