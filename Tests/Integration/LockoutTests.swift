import GatehouseTesting
import Testing

@Suite("Guessing passwords", .timeLimit(.minutes(3)))
struct LockoutTests {
    private func failures(_ suite: RunningSuite, _ person: Person) throws -> String {
        try suite.sql("select failures from login_failures where kind = 'account' and subject = '\(person.id)'")
    }

    @Test("after five wrong passwords the right one waits, too; a device that is known does not")
    func strangers() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let device = try #require(try person.login().device)
        #expect(try person.attempt(device: device).status == 200)
        for _ in 0..<6 { #expect(try person.attempt("wrong").status == 401) }
        #expect(try person.attempt().status == 401)
        #expect(try failures(suite, person) == "6", "what is not looked at is not counted")
        #expect(try person.attempt(device: "ghd_made-up").status == 401)
        #expect(try person.attempt(device: device).status == 200)
        #expect(try person.attempt().status == 200, "the owner's coming in has cleared the count")
    }

    @Test("every name of an account counts as the same, and unknown accounts look alike")
    func names() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        for name in [person.name, person.name.uppercased(), person.email, person.email.uppercased()] {
            let answer = try suite.post("/login", #"{"username_or_email":"\#(name)","password":"wrong"}"#)
            #expect(answer.status == 401)
        }
        #expect(try failures(suite, person) == "4")
        _ = try suite.form(
            "/oauth2/token", "grant_type=password&client_id=gatehouse&username=\(person.name)&password=x")
        _ = try suite.form("/api/v1/auth/token", "username=\(person.name)&password=x")
        #expect(try failures(suite, person) == "6", "every way in counts")
    }

    @Test("the cookie of a known device does as well as its token")
    func cookie() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let cookie = try #require(try person.attempt().header("set-cookie"))
        #expect(cookie.contains("HttpOnly; SameSite=Lax"))
        for _ in 0..<6 { _ = try person.attempt("wrong") }
        #expect(try person.attempt().status == 401)
        let pair = String(cookie.prefix { $0 != ";" })
        let known = try person.attempt(headers: ["Cookie: theme=dark; \(pair)"])
        #expect(known.status == 200)
        #expect(known.header("set-cookie") == nil)
    }

    @Test("time, an administrator or a reset opens an account")
    func opened() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        func lock() throws {
            for _ in 0..<6 { _ = try person.attempt("wrong") }
            #expect(try person.attempt().status == 401)
        }
        try lock()
        try suite.sql("update login_failures set blocked_until = now() where subject = '\(person.id)'")
        #expect(try person.attempt().status == 200)
        try lock()
        let unlocked = try suite.post("/api/v1/admin/users/\(person.id)/unlock", "{}", bearer: suite.superuser())
        #expect(unlocked.status == 204)
        #expect(try person.attempt().status == 200)
        try lock()
        _ = try suite.post("/api/v1/auth/forgot-password", #"{"email":"\#(person.email)"}"#)
        let token = try await suite.mailedToken(to: person.email, about: "choose a new")
        let password = "new horse 8 battery"
        let reset = #"{"token":"\#(token)","new_password":"\#(password)"}"#
        #expect(try suite.post("/api/v1/auth/reset-password", reset).status == 204)
        #expect(try person.attempt(password).status == 200)
    }

    @Test("an address that guesses at many accounts waits; whoever is known there does not")
    func address() async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant()
        let (person, other) = (try Person(suite, tenant: tenant.slug), try Person(suite, tenant: tenant.slug))
        let device = try #require(try person.login().device)
        _ = try suite.post("/api/v1/auth/login", #"{"username":"nobody","password":"x"}"#, tenant: tenant.slug)
        let counted = "from login_failures where kind = 'address' and tenant_id = '\(tenant.id)'"
        #expect(try suite.sql("select subject || ' ' || failures \(counted)") == "127.0.0.1 1")
        try suite.sql(
            "update login_failures set failures = 1000000 where kind = 'address' and tenant_id = '\(tenant.id)'")
        #expect(try other.attempt("wrong").status == 401)
        #expect(try suite.sql("select blocked_until > now() \(counted)") == "t")
        #expect(try other.attempt().status == 401)
        #expect(try person.attempt(device: device).status == 200)
        #expect(try suite.sql("select failures \(counted)") == "1000001", "a good login does not clear the address")
    }

    @Test("failures at once are all counted, and after the fiftieth no guess is looked at")
    func hardStop() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let request = suite.gateway.request(
            "POST", "/login", body: #"{"username":"\#(person.name)","password":"wrong"}"#)
        let statuses = try suite.gateway.burst(Array(repeating: request, count: 12)).map(\.status)
        let evaluated = try suite.sql(
            "select count(*) from login_history where user_id = '\(person.id)' and reason = 'wrong_password'")
        #expect(try failures(suite, person) == evaluated)
        #expect(statuses.allSatisfy { $0 == 401 || $0 == 503 })
        try suite.sql(
            "update login_failures set failures = 49, blocked_until = now() where subject = '\(person.id)'")
        #expect(try person.attempt("wrong").status == 401)
        let blocked = try suite.sql(
            "select blocked_until = 'infinity' from login_failures where subject = '\(person.id)'")
        #expect(blocked == "t")
        #expect(try person.attempt().status == 401)
    }
}
