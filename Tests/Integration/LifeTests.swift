import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

@Suite("A user's life", .timeLimit(.minutes(3)))
struct LifeTests {
    @Test("register, log in, be known, refresh, log out: and the token is refused at once")
    func life() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let first = try person.login()
        let me = try suite.me(first.access)
        #expect(me.status == 200)
        #expect(me.body.contains(#""username":"\#(person.name)""#))
        #expect(me.body.contains(#""roles":["USER"]"#))

        let answer = try suite.refresh(first.refresh)
        #expect(answer.status == 200)
        let second = try Tokens(answer.body)
        #expect(second.refresh != first.refresh)
        #expect(second.session == first.session)
        #expect(try suite.me(first.access).status == 200, "a refresh leaves the old access token alone")

        #expect(try suite.logout(second.access).status == 204)
        for access in [first.access, second.access] {
            let refused = try suite.me(access)
            #expect(refused.status == 401)
            #expect(refused.header("www-authenticate") == #"Bearer error="invalid_token""#)
        }
        #expect(try suite.refresh(second.refresh).status == 401)
    }

    @Test("a used refresh token that comes back ends its family, and no other")
    func reuse() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let (stolen, other) = (try person.login(), try person.login())
        let successor = try Tokens(suite.refresh(stolen.refresh).body)
        let replay = try suite.refresh(stolen.refresh)
        #expect(replay.status == 401)
        #expect(replay.body.contains("invalid_grant"))
        #expect(try suite.refresh(successor.refresh).status == 401, "the thief's or the owner's: both are out")
        try await eventually { try suite.me(successor.access).status == 401 }
        #expect(try suite.me(other.access).status == 200)
        #expect(try suite.refresh(other.refresh).status == 200)
    }

    @Test("logging out everywhere ends every session and says how many")
    func logoutAll() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let sessions = try (0..<3).map { _ in try person.login() }
        let answer = try suite.gateway.send(
            "POST", "/api/v1/auth/logout-all", headers: ["Authorization: Bearer \(sessions[0].access)"])
        #expect(answer.body == #"{"revoked":3}"#)
        for session in sessions {
            try await eventually { try suite.me(session.access).status == 401 }
            #expect(try suite.refresh(session.refresh).status == 401)
        }
    }

    @Test("fifty refreshes of one token at once: one wins, and then the family is dead", .timeLimit(.minutes(3)))
    func race() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        for _ in 0..<20 {
            let tokens = try person.login()
            let answers = try await withThrowingTaskGroup(of: PlainHTTP.Answer.self) { group in
                for _ in 0..<50 { group.addTask { try suite.refresh(tokens.refresh) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.filter { $0.status == 200 }.count == 1)
            #expect(answers.filter { $0.status == 401 }.count == 49)
            let winner = try Tokens(#require(answers.first { $0.status == 200 }).body)
            #expect(try suite.refresh(winner.refresh).status == 401)
        }
    }

    @Test("a refusal to log in looks the same whatever its cause")
    func refusals() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        func attempt(_ name: String, _ password: String) throws -> (Int, String) {
            let answer = try suite.gateway.send(
                "POST", "/api/v1/auth/login", headers: ["X-Request-Id: same"],
                body: #"{"username_or_email":"\#(name)","password":"\#(password)"}"#)
            return (answer.status, answer.body)
        }
        let wrong = try attempt(person.name, "another password")
        #expect(wrong.0 == 401)
        for (name, password) in [
            ("nobody", person.password), ("\(person.name)@example.org", person.password), (person.name, ""),
            (person.name, person.password + " "), (person.name, person.password.uppercased()),
            (person.name, String(repeating: "a", count: 2000)), (person.name, "a\\u0000b"),
        ] {
            #expect(try attempt(name, password) == wrong)
        }
        // So many failures have locked that account.
        let other = try Person(suite)
        #expect(try attempt("\(other.name.uppercased())@EXAMPLE.com", other.password).0 == 200)
    }

    @Test("a name that is taken, however it is spelt, and every broken rule are told by field")
    func registration() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        func register(_ body: String) throws -> PlainHTTP.Answer {
            try suite.gateway.send("POST", "/api/v1/auth/register", body: body)
        }
        let taken = try register(#"{"username":"\#(person.name.uppercased())","password":"correct horse 7 battery"}"#)
        #expect(taken.status == 409)
        #expect(taken.body.contains(#""code":"username_taken""#))
        let bad = try register(#"{"email":"a@b@example.com","username":"a b","display_name":""}"#)
        #expect(bad.status == 422)
        for field in ["/email", "/username", "/display_name", "/password"] { #expect(bad.body.contains(field)) }
        #expect(try register(#"{"password":"correct horse 7 battery"}"#).body.contains("/email"))
        #expect(
            try register(#"{"username":"\#(person.name)x","password":"password"}"#).body.contains(
                "password_compromised"))
    }

    @Test("the first superuser sees the numbers, others don't")
    func superuser() throws {
        let suite = try SharedSuite.get()
        let login = try suite.gateway.send(
            "POST", "/login", body: "username=root%40example.com&password=\(suite.secret("first_superuser_password"))",
            type: "application/x-www-form-urlencoded")
        let root = try Tokens(login.body)
        func stats(_ access: String) throws -> PlainHTTP.Answer {
            try suite.gateway.send("GET", "/api/v1/admin/stats", headers: ["Authorization: Bearer \(access)"])
        }
        #expect(try stats(root.access).status == 200)
        #expect(try stats(try Person(suite).login().access).status == 403)
        #expect(try suite.gateway.send("GET", "/api/v1/admin/stats").status == 401)
    }

    @Test("secrets stay out of the logs")
    func secrets() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let tokens = try person.login()
        _ = try suite.refresh(tokens.refresh)
        _ = try suite.refresh(tokens.refresh)
        _ = try suite.me(tokens.access + "x")
        let logs = try suite.logs()
        for secret in [
            person.password, tokens.access, tokens.refresh, try suite.secret("internal_key"),
            try suite.secret("master_key"),
        ] {
            #expect(!logs.contains(secret))
        }
    }
}
