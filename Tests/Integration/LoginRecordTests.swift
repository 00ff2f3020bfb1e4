import GatehouseTesting
import Kit
import Testing

@Suite("What a login leaves", .timeLimit(.minutes(3)))
struct LoginRecordTests {
    /// Asks token for a session as identity does, `login` being what is to be recorded; of a tenant's user.
    private func opening(
        _ suite: RunningSuite, of person: Person, in tenant: String = RunningSuite.tenant, login: String? = nil
    ) throws -> PlainHTTP.Request {
        let more = login.map { #","login":\#($0)"# } ?? ""
        return PlainHTTP(port: suite.ports["PORT_TOKEN"] ?? 0).request(
            "POST", "/internal/sessions",
            headers: ["X-Gatehouse-Key: \(try suite.secret("internal_key"))", "X-Gatehouse-Tenant: \(tenant)"],
            body: #"{"user":"\#(person.id)","client":"gatehouse","amr":["pwd"]\#(more)}"#)
    }

    private func digest(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 64 - digits.count) + digits
    }

    private func history(_ suite: RunningSuite, _ person: Person) throws -> String {
        try suite.sql("select count(*) from login_history where user_id = '\(person.id)' and outcome = 'success'")
    }

    @Test("session, history and the device's mark are of one transaction")
    func together() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let tokens = try person.login(headers: ["User-Agent: curl/8.5.0"])
        let transactions = try suite.sql(
            """
            select count(distinct xmin::text) || ' ' || count(*) from (
                select xmin from sessions where id = '\(tokens.session)'
                union all select xmin from login_history where session_id = '\(tokens.session)'
                    and user_id = '\(person.id)' and user_agent = 'curl/8.5.0' and host(ip) = '127.0.0.1'
                    and reason is null and length(request_id) > 0
                union all select xmin from known_devices where user_id = '\(person.id)') of_login
            """)
        #expect(transactions == "1 3")
        let device = try #require(tokens.device)
        try suite.sql("update known_devices set last_used_at = '2020-01-01' where user_id = '\(person.id)'")
        for _ in 0..<2 { #expect(try person.attempt(device: device).status == 200) }
        let used = try suite.sql(
            """
            select count(*) || ' ' || bool_and(last_used_at > now() - interval '1 minute')
            from known_devices where user_id = '\(person.id)'
            """)
        #expect(used == "1 true")
        #expect(try history(suite, person) == "3")
    }

    @Test("token records a login when it is asked to and says so, and else leaves that to whoever asks")
    func asked() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let token = PlainHTTP(port: suite.ports["PORT_TOKEN"] ?? 0)
        let plain = try #require(token.burst([opening(suite, of: person)]).first)
        #expect(plain.status == 200)
        #expect(try JSONParser.parse(plain.body.utf8)["recorded"] == nil)
        #expect(try history(suite, person) == "0")
        let recorded = try #require(token.burst([opening(suite, of: person, login: "{}")]).first)
        #expect(try JSONParser.parse(recorded.body.utf8)["recorded"] == .bool(true))
        #expect(try history(suite, person) == "1")
        #expect(try suite.sql("select count(*) from known_devices where user_id = '\(person.id)'") == "0")
        #expect(try !person.attempt().body.contains("recorded"), "it is between the processes alone")
        let form = "grant_type=password&client_id=gatehouse&username=\(person.name)&password=\(person.password)"
        #expect(try !suite.form("/oauth2/token", form).body.contains("recorded"))
        #expect(try history(suite, person) == "3")
    }

    @Test("a login that can't be recorded opens no session")
    func unrecorded() async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant()
        let person = try Person(suite, tenant: tenant.slug)
        try suite.sql(
            """
            alter table login_history
                add constraint full_for_a_while check (tenant_id <> '\(tenant.id)' or outcome = 'failure') not valid
            """)
        let refused = Result { try person.attempt() }
        try suite.sql("alter table login_history drop constraint full_for_a_while")
        #expect(try refused.get().status >= 500)
        #expect(try suite.sql("select count(*) from sessions where user_id = '\(person.id)'") == "0")
        #expect(try person.attempt().status == 200)
    }

    @Test("a login forgets the failures of the account and of its device, and nobody else's")
    func forgiven() throws {
        let suite = try SharedSuite.get()
        let (person, other) = (try Person(suite), try Person(suite))
        let device = try #require(try person.login().device)
        for _ in 0..<2 { _ = try person.attempt("wrong") }
        for _ in 0..<2 { _ = try person.attempt("wrong", device: device) }
        _ = try other.attempt("wrong")
        let kept = """
            select string_agg(f.kind, ' ' order by f.kind) from login_failures f
            where f.subject in ('\(person.id)', '\(other.id)') or f.kind = 'device' and f.subject in (
                select encode(digest, 'hex') from known_devices where user_id = '\(person.id)')
            """
        #expect(try suite.sql(kept) == "account account device")
        #expect(try person.attempt(device: device).status == 200)
        #expect(try suite.sql(kept) == "account")
    }

    @Test("of devices that come at once twenty are kept, those used last")
    func devices() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let token = PlainHTTP(port: suite.ports["PORT_TOKEN"] ?? 0)
        for round in 0..<10 {
            let requests = try (0..<30).map {
                try opening(
                    suite, of: person, login: #"{"new_device":"\#(digest(round * 30 + $0 + 1))"}"#)
            }
            #expect(try token.burst(requests).allSatisfy { $0.status == 200 })
            let kept = try suite.sql(
                """
                select count(*) || ' ' || count(*) filter (where encode(digest, 'hex') > '\(digest(round * 30))')
                from known_devices where user_id = '\(person.id)'
                """)
            #expect(kept == "20 20")
        }
        #expect(try history(suite, person) == "300")
    }
}
