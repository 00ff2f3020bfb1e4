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

    @Test("an address's count rises alike for accounts that are there, locked or not there at all")
    func noOracle() async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant()
        let person = try Person(suite, tenant: tenant.slug)
        func guess(_ name: String) throws -> Int {
            for _ in 0..<12 {
                _ = try suite.post(
                    "/api/v1/auth/login", #"{"username":"\#(name)","password":"x"}"#, tenant: tenant.slug)
            }
            let count = try suite.sql(
                "select failures from login_failures where kind = 'address' and tenant_id = '\(tenant.id)'")
            return Int(count) ?? 0
        }
        #expect(try guess("nobody") == 12)
        #expect(try guess(person.name) == 24)
        #expect(try guess(person.name) == 36)
    }

    @Test("strangers' guesses do not keep a signed-in owner from changing the password")
    func owner() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let access = try person.login().access
        for _ in 0..<8 { _ = try person.attempt("wrong") }
        func change(_ current: String) throws -> Int {
            try suite.post(
                "/api/v1/auth/change-password",
                #"{"current_password":"\#(current)","new_password":"new horse 8 battery"}"#, bearer: access
            ).status
        }
        for _ in 0..<6 { #expect(try change("wrong") == 401) }
        #expect(try change(person.password) == 401, "six wrong ones in this session have to wait, too")
        try suite.sql("delete from login_failures where kind = 'session'")
        #expect(try change(person.password) == 204)
    }

    @Test("logins that keep no mark take no known device's place, and each person of a browser has a mark of their own")
    func marks() throws {
        let suite = try SharedSuite.get()
        let (person, other) = (try Person(suite), try Person(suite))
        let device = try #require(try person.login().device)
        for _ in 0..<25 {
            let form = "grant_type=password&client_id=gatehouse&username=\(person.name)&password=\(person.password)"
            #expect(try suite.form("/oauth2/token", form).status == 200)
        }
        #expect(try suite.sql("select count(*) from known_devices where user_id = '\(person.id)'") == "1")
        for _ in 0..<6 { _ = try person.attempt("wrong") }
        #expect(try person.attempt(device: device).status == 200)
        let cookies = try [person, other].map { try #require($0.attempt().header("set-cookie")).prefix { $0 != ";" } }
        let browser = ["Cookie: \(cookies.joined(separator: "; "))"]
        #expect(cookies[0].prefix { $0 != "=" } != cookies[1].prefix { $0 != "=" })
        for one in [person, other] {
            for _ in 0..<6 { _ = try one.attempt("wrong") }
            #expect(try one.attempt(headers: browser).status == 200)
        }
    }

    @Test("a stored hash that can't be used is a refusal like any other, and a reset replaces it")
    func unusable() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        try suite.sql("update credentials set secret = '$2b$31$x' where user_id = '\(person.id)'")
        #expect(try person.attempt().status == 401)
        _ = try suite.post("/api/v1/auth/forgot-password", #"{"email":"\#(person.email)"}"#)
        let token = try await suite.mailedToken(to: person.email, about: "choose a new")
        let reset = #"{"token":"\#(token)","new_password":"new horse 8 battery"}"#
        #expect(try suite.post("/api/v1/auth/reset-password", reset).status == 204)
        #expect(try person.attempt("new horse 8 battery").status == 200)
    }

    @Test("a hash of another system lets its owner in and is replaced, by twenty logins at once as by one")
    func imported() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite, password: "correct horse battery staple")
        let hash = try ChildProcess.run([
            "python3", "-W", "ignore", "-c",
            "import crypt; print(crypt.crypt('\(person.password)', crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=2**5)))",
        ]).filter { !$0.isNewline }
        try suite.sql("update credentials set secret = '\(hash)' where user_id = '\(person.id)'")
        let login = suite.gateway.request(
            "POST", "/login", body: #"{"username":"\#(person.name)","password":"\#(person.password)"}"#)
        let statuses = Set(try suite.gateway.burst(Array(repeating: login, count: 8)).map(\.status))
        #expect(statuses == [200])
        let stored = try suite.sql("select secret from credentials where user_id = '\(person.id)'")
        #expect(stored.hasPrefix("$argon2id$"))
        #expect(try person.attempt("correct horse battery stapl").status == 401)
        #expect(try person.attempt().status == 200)
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
        _ = try suite.post("/api/v1/auth/login", #"{"username":"nobody","password":"x"}"#, tenant: tenant.slug)
        #expect(try person.attempt(device: device).status == 200)
        #expect(try suite.sql("select failures \(counted)") == "1000001", "nothing is counted, and nothing cleared")
    }

    @Test("an administrator's lock gives way to no device, no reset and no login under way, only to being taken off")
    func locked() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let (root, first) = (try suite.superuser(), try person.login())
        func lock(_ action: String) -> PlainHTTP.Request {
            suite.gateway.request(
                "POST", "/api/v1/admin/users/\(person.id)/\(action)", headers: ["Authorization: Bearer \(root)"],
                body: "{}")
        }
        let login = suite.gateway.request(
            "POST", "/login", body: #"{"username":"\#(person.name)","password":"\#(person.password)"}"#)
        for _ in 0..<10 {
            let answers = try suite.gateway.burst([login, login, lock("lock"), login])
            #expect(answers[2].status == 204)
            for answer in answers where answer.body.contains("refresh_token") {
                #expect(try suite.refresh(Tokens(answer.body).refresh).status == 401)
            }
            #expect(try person.attempt(device: first.device).status == 401)
            let shown = try suite.send("GET", "/api/v1/admin/users/\(person.id)", bearer: root)
            #expect(shown.body.contains(#""locked":true"#))
            #expect(try suite.gateway.burst([lock("unlock")])[0].status == 204)
            #expect(try person.attempt(device: first.device).status == 200)
        }
        let own = try suite.sql("select id from users where is_superuser")
        let refused = try suite.post("/api/v1/admin/users/\(own)/lock", "{}", bearer: root)
        #expect(refused.body.contains("own_account"))
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
