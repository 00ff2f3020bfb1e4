import GatehouseTesting
import Testing

@Suite("Rate limits", .serialized, .timeLimit(.minutes(3)))
struct RateLimitTests {
    /// On a busy machine an answer of Redis may be late, and the decision be made without it.
    private static let settings = ["RATE_LIMITS=on", "TRUSTED_PROXIES=127.0.0.1", "REDIS_TIMEOUT=10s"]
    private static let started = Result { try RunningSuite(settings: settings) }

    private func suite() throws -> RunningSuite { try Self.started.get() }

    /// Logs in as nobody, from an address of its own.
    private func login(_ suite: RunningSuite, from address: String) -> PlainHTTP.Request {
        suite.gateway.request(
            "POST", "/login", headers: ["X-Forwarded-For: \(address)"], body: #"{"username":"nobody","password":"x"}"#)
    }

    @Test("of many at once from one address as many pass as the policy says; other addresses are left alone")
    func exact() throws {
        let suite = try suite()
        for round in 1...20 {
            let request = login(suite, from: "192.0.2.\(round)")
            let answers = try suite.gateway.burst(Array(repeating: request, count: 30))
            #expect(answers.filter { $0.status == 429 }.count == 20)
            #expect(try suite.gateway.burst([login(suite, from: "198.51.100.\(round)")])[0].status != 429)
        }
    }

    @Test("an answer says the policy, what is left and when; a refusal when to come again")
    func fields() throws {
        let suite = try suite()
        let first = try suite.gateway.burst([login(suite, from: "203.0.113.1")])[0]
        #expect(first.header("ratelimit-policy") == #""login";q=10;w=60"#)
        #expect(first.header("ratelimit")?.hasPrefix(#""login";r=9;t="#) == true)
        var last = first
        while last.status != 429 { last = try suite.gateway.burst([login(suite, from: "203.0.113.1")])[0] }
        #expect(last.body.contains(#""code":"rate_limited""#))
        #expect(last.header("retry-after").flatMap { Int($0) }.map { (1...6).contains($0) } == true)
        #expect(last.header("ratelimit")?.hasPrefix(#""login";r=0;t="#) == true)
    }

    @Test("IPv6 counts by the /64, and an address nobody trusted names does not count")
    func prefixes() throws {
        let suite = try suite()
        let statuses = try suite.gateway.burst((1...30).map { login(suite, from: "2001:db8:1:2::\($0)") }).map(\.status)
        #expect(statuses.filter { $0 == 429 }.count == 20)
        #expect(try suite.gateway.burst([login(suite, from: "2001:db8:1:3::1")])[0].status != 429)
    }

    @Test("the token endpoint refuses in OAuth's shape, with a code that loses nobody their session")
    func oauth() throws {
        let suite = try suite()
        let request = suite.gateway.request(
            "POST", "/oauth2/token", headers: ["X-Forwarded-For: 203.0.113.9"],
            body: "grant_type=refresh_token&client_id=gatehouse&refresh_token=x",
            type: "application/x-www-form-urlencoded")
        let answers = try suite.gateway.burst(Array(repeating: request, count: 15))
        let refused = answers.filter { $0.status == 429 }
        #expect(refused.count == 5)
        for answer in refused {
            #expect(answer.body.contains(#""error":"temporarily_unavailable""#))
            #expect(answer.header("retry-after") != nil)
        }
    }

    @Test("without Redis the limits hold, stricter, and nobody waits or is let through at will")
    func withoutRedis() async throws {
        let suite = try RunningSuite(settings: Self.settings)
        try suite.deploy("service", "stop", "redis")
        for round in 1...5 {
            let request = login(suite, from: "192.0.2.\(round)")
            let passed = try suite.gateway.burst(Array(repeating: request, count: 30)).filter { $0.status != 429 }
            #expect((1...10).contains(passed.count))
        }
        try await eventually {
            try suite.gateway.send("GET", "/health/readiness").body.contains("limits are counted here alone")
        }
        #expect(try suite.gateway.send("GET", "/health/readiness").status == 200)
        try suite.deploy("service", "start", "redis")
        try await eventually { try suite.gateway.send("GET", "/health/readiness").body.hasPrefix(#"{"status":"ok""#) }
        let request = login(suite, from: "192.0.2.99")
        let passed = try suite.gateway.burst(Array(repeating: request, count: 30)).filter { $0.status != 429 }
        #expect(passed.count == 10)
    }
}
