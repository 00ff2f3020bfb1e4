import GatehouseTesting
import Kit
import Testing

@Suite("Accounts", .timeLimit(.minutes(3)))
struct AccountTests {
    private func verify(_ suite: RunningSuite, _ token: String) throws -> Int {
        try suite.post("/api/v1/auth/verify-email", #"{"token":"\#(token)"}"#).status
    }

    @Test("an address is confirmed by the mailed token, once; opening the link changes nothing")
    func verification() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let token = try await suite.mailedToken(to: person.email, about: "confirm your")
        for _ in 0..<5 {
            let page = try suite.send("GET", "/api/v1/auth/verify-email?token=\(token)")
            #expect(page.status == 200)
            #expect(page.body.contains(token))
            #expect(page.header("content-security-policy")?.contains("default-src 'none'") == true)
        }
        let access = try person.login().access
        #expect(try suite.me(access).body.contains(#""email_verified":false"#))
        #expect(try verify(suite, token) == 204)
        #expect(try suite.me(access).body.contains(#""email_verified":true"#))
        #expect(try verify(suite, token) == 400)
        #expect(try verify(suite, "ghv_made-up") == 400)
    }

    @Test("of twenty that use one token at once, one succeeds", arguments: [1, 2, 3, 4, 5])
    func oneUse(round: Int) async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let token = try await suite.mailedToken(to: person.email, about: "confirm your")
        let request = suite.gateway.request(
            "POST", "/api/v1/auth/verify-email", body: #"{"token":"\#(token)"}"#)
        let statuses = try suite.gateway.burst(Array(repeating: request, count: 20)).map(\.status)
        #expect(statuses.filter { $0 == 204 }.count == 1)
        #expect(statuses.filter { $0 == 400 }.count == 19)
    }

    @Test("a newer mail makes the older one's token void, and an hour has three mails at most")
    func supersede() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let first = try await suite.mailedToken(to: person.email, about: "confirm your")
        var last = first
        for number in 1...10 {
            let answer = try suite.post("/api/v1/auth/resend-verification", #"{"email":"\#(person.email)"}"#)
            #expect(answer.status == 202)
            // Two that are sent at once get their tokens in any order.
            if number < 3 {
                last = try await suite.mailedToken(to: person.email, about: "confirm your", after: number)
            }
        }
        #expect(try verify(suite, first) == 400)
        #expect(try verify(suite, last) == 204)
        #expect(try suite.mails(to: person.email).count == 3)
    }

    @Test("asking for a mail looks the same whether the address is known or not")
    func nothingTold() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        for path in ["forgot-password", "resend-verification"] {
            let answers = try [person.email, "\(uniqueName())@example.com"].map { email in
                try suite.post("/api/v1/auth/\(path)", #"{"email":"\#(email)"}"#, headers: ["X-Request-Id: same"])
            }
            #expect(answers[0].status == 202)
            #expect(answers[0].status == answers[1].status)
            #expect(answers[0].body == answers[1].body)
            #expect(answers[0].headers.map(\.name) == answers[1].headers.map(\.name))
        }
        #expect(try suite.sql("select count(*) from mail_outbox where recipient like '%nobody%'") == "0")
    }

    @Test("a reset sets the password, ends every session, and proves the address; the link is from the configuration")
    func reset() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let before = try person.login()
        let spoofed = ["X-Forwarded-Host: evil.example", "Forwarded: host=evil.example"]
        _ = try suite.post(
            "/api/v1/auth/forgot-password", #"{"email":"\#(person.email.uppercased())"}"#, headers: spoofed)
        let token = try await suite.mailedToken(to: person.email, about: "choose a new")
        let mails = try suite.mails(to: person.email).joined()
        #expect(mails.contains("http://localhost:\(suite.gateway.port)/api/v1/auth/reset-password"))
        #expect(!mails.contains("evil"))
        func reset(_ password: String) throws -> PlainHTTP.Answer {
            try suite.post(
                "/api/v1/auth/reset-password", #"{"token":"\#(token)","new_password":"\#(password)"}"#)
        }
        #expect(try reset("short").body.contains("too_short"))
        #expect(try reset("new horse 8 battery").status == 204, "a refused password has not used the token up")
        #expect(try reset("newer horse 9 battery").status == 400)
        #expect(try person.attempt().status == 401)
        #expect(try suite.refresh(before.refresh).status == 401)
        try await eventually { try suite.me(before.access).status == 401 }
        let tokens = try person.login("new horse 8 battery")
        #expect(try suite.me(tokens.access).body.contains(#""email_verified":true"#))
        let digest = try suite.sql("select count(*) from one_time_tokens where digest::text like '%\(token)%'")
        #expect(digest == "0")
        #expect(try !suite.logs().contains(token))
    }

    @Test("a token past its time is refused, and so is one for an address that has changed")
    func expired() async throws {
        let suite = try SharedSuite.get()
        let (late, moved) = (try Person(suite), try Person(suite))
        let token = try await suite.mailedToken(to: late.email, about: "confirm your")
        try suite.sql("update one_time_tokens set expires_at = now() where user_id = '\(late.id)'")
        #expect(try verify(suite, token) == 400)
        let old = try await suite.mailedToken(to: moved.email, about: "confirm your")
        let access = try moved.login().access
        let email = "\(uniqueName())@example.com"
        let change = #"{"email":"\#(email)","current_password":"\#(moved.password)"}"#
        #expect(try suite.send("PATCH", "/api/v1/users/me", change, bearer: access).status == 200)
        #expect(try verify(suite, old) == 400)
        let new = try await suite.mailedToken(to: email, about: "confirm your")
        #expect(try verify(suite, new) == 204)
        // From a proven address to another: whoever holds the old one learns of it. To one that was never proven nobody
        // writes, because it may be a stranger's.
        let back = #"{"email":"\#(moved.email)","current_password":"\#(moved.password)"}"#
        #expect(try suite.send("PATCH", "/api/v1/users/me", back, bearer: access).status == 200)
        try await eventually { try suite.mails(to: email).contains { $0.contains("address was changed") } }
        #expect(try suite.mails(to: moved.email).allSatisfy { !$0.contains("was changed") })
    }

    @Test("a change of password needs the present one, and ends the other sessions")
    func change() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        try suite.sql("update users set email_verified_at = now() where id = '\(person.id)'")
        let (here, there) = (try person.login(), try person.login())
        func change(_ current: String, _ new: String) throws -> PlainHTTP.Answer {
            try suite.post(
                "/api/v1/auth/change-password", #"{"current_password":"\#(current)","new_password":"\#(new)"}"#,
                bearer: here.access)
        }
        #expect(try change("wrong", "new horse 8 battery").status == 401)
        let same = try change(person.password, person.password)
        #expect(same.status == 422)
        #expect(same.body.contains("password_reused"))
        #expect(try change(person.password, "\(person.name)1").body.contains("password_contextual"))
        #expect(try change(person.password, "new horse 8 battery").status == 204)
        #expect(try suite.me(here.access).status == 200)
        #expect(try suite.refresh(here.refresh).status == 200)
        try await eventually { try suite.me(there.access).status == 401 }
        #expect(try suite.refresh(there.refresh).status == 401)
        #expect(try person.attempt().status == 401)
        #expect(try person.attempt("new horse 8 battery").status == 200)
        try await eventually { try suite.mails(to: person.email).contains { $0.contains("password was changed") } }
    }

    @Test("a profile changes by what is given; names stay unique, and a new address needs the password")
    func profile() throws {
        let suite = try SharedSuite.get()
        let (person, other) = (try Person(suite), try Person(suite))
        let access = try person.login().access
        func patch(_ body: String) throws -> PlainHTTP.Answer {
            try suite.send("PATCH", "/api/v1/users/me", body, bearer: access)
        }
        #expect(try patch(#"{"display_name":"Ada"}"#).body.contains(#""display_name":"Ada""#))
        #expect(try patch(#"{"display_name":null}"#).body.contains(#""display_name":null"#))
        #expect(try patch(#"{"username":"\#(other.name)"}"#).status == 409)
        #expect(try patch(#"{"email":"\#(other.email)"}"#).status == 422)
        #expect(try patch(#"{"email":"\#(other.email)","current_password":"no"}"#).status == 401)
        #expect(try patch(#"{"email":"\#(other.email)","current_password":"\#(person.password)"}"#).status == 409)
        let untouched = try patch(
            #"{"roles":["ADMIN"],"is_superuser":true,"email_verified":true,"id":"x","state":"disabled"}"#)
        #expect(untouched.status == 200)
        #expect(untouched.body.contains(#""roles":["USER"]"#))
        #expect(untouched.body.contains(#""email_verified":false"#))
        #expect(try patch(#"{"email":null,"current_password":"\#(person.password)"}"#).status == 200)
        let none = try patch(#"{"username":null}"#)
        #expect(none.status == 422)
        #expect(none.body.contains("/username"))
    }

    @Test("who deletes their account is gone, with all that was theirs")
    func delete() async throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let tokens = try person.login()
        func delete(_ password: String) throws -> Int {
            try suite.send("DELETE", "/api/v1/users/me", #"{"password":"\#(password)"}"#, bearer: tokens.access).status
        }
        #expect(try delete("wrong") == 401)
        #expect(try delete(person.password) == 204)
        try await eventually { try suite.me(tokens.access).status == 401 }
        #expect(try suite.refresh(tokens.refresh).status == 401)
        #expect(try person.attempt().status == 401)
        #expect(try suite.sql("select count(*) from sessions where user_id = '\(person.id)'") == "0")
        #expect(try suite.sql("select count(*) from audit_log where target_id = '\(person.id)'") == "2")
        let root = try suite.superuser()
        let password = try suite.secret("first_superuser_password")
        let last = try suite.send("DELETE", "/api/v1/users/me", #"{"password":"\#(password)"}"#, bearer: root)
        #expect(last.status == 409)
        #expect(last.body.contains("last_superuser"))
    }
}
