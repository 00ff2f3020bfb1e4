import GatehouseTesting
import Kit
import Testing

@Suite("Looking after users", .timeLimit(.minutes(5)))
struct UserAdministrationTests {
    private let password = "correct horse 7 battery"

    private func send(
        _ suite: RunningSuite, _ method: String, _ path: String, _ body: String? = nil, _ bearer: String,
        headers: [String] = []
    ) throws -> PlainHTTP.Answer {
        try suite.send(method, "/api/v1/admin/users" + path, body, bearer: bearer, headers: headers)
    }

    private func id(_ answer: PlainHTTP.Answer) throws -> String {
        try #require(JSONParser.parse(answer.body.utf8)["id"]?.string, "\(answer.body)")
    }

    private func login(_ suite: RunningSuite, _ name: String, _ password: String) throws -> PlainHTTP.Answer {
        try suite.post("/api/v1/auth/login", #"{"username_or_email":"\#(name)","password":"\#(password)"}"#)
    }

    @Test("a user is made with a password that keeps the tenant's rules")
    func made() throws {
        let suite = try SharedSuite.get()
        let (root, name) = (try suite.superuser(), uniqueName())
        func make(_ body: String) throws -> PlainHTTP.Answer { try send(suite, "POST", "", body, root) }
        let weak = try make(#"{"username":"\#(name)","password":"\#(name)"}"#)
        #expect(weak.status == 422)
        #expect(weak.body.contains("/password"))
        let made = try make(
            #"{"username":"\#(name)","email":"\#(name)@example.com","email_verified":true,"#
                + #""password":"\#(password)","roles":["USER","MODERATOR"]}"#)
        #expect(made.status == 201)
        #expect(made.body.contains(#""roles":["MODERATOR","USER"]"#))
        #expect(made.body.contains(#""email_verified":true"#))
        let tokens = try Tokens(login(suite, name, password).body)
        #expect(try suite.send("GET", "/api/v1/admin/users?limit=1", bearer: tokens.access).status == 200)
        let taken = try make(#"{"username":"\#(name.uppercased())"}"#)
        #expect(taken.status == 409)
        #expect(taken.body.contains("username_taken"))
        for body in ["{}", #"{"username":"x y"}"#, #"{"username":"\#(name)2","invite":true}"#] {
            #expect(try make(body).status == 422)
        }
        #expect(try make(#"{"username":"\#(name)3","roles":["nothing"]}"#).body.contains("unknown_role"))
        let audited = try suite.sql(
            "select detail from audit_log where action = 'user.made' and target_id = '\(id(made))'")
        #expect(audited.contains("MODERATOR"))
        #expect(!audited.contains(password))
        #expect(try !suite.logs().contains(password))
    }

    @Test("who may make users gives none of them a role, unless they may give roles, and hold it")
    func roles() throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let maker = try Holder(suite, [try suite.role(["users:write"], by: root).name]).open().access
        let granter = try Holder(suite, [try suite.role(["users:write", "roles:write"], by: root).name]).open().access
        func make(_ roles: String, _ bearer: String) throws -> PlainHTTP.Answer {
            try send(suite, "POST", "", #"{"username":"\#(uniqueName())","roles":[\#(roles)]}"#, bearer)
        }
        #expect(try make(#""USER""#, maker).status == 201)
        for roles in [#""ADMIN""#, #""USER","MODERATOR""#, "", #""superuser""#] {
            #expect(try make(roles, maker).status == 403)
        }
        #expect(try make("", granter).status == 201)
        #expect(try make(#""ADMIN""#, granter).body.contains("ADMIN"))
        #expect(try make(#""superuser""#, granter).status == 403)
        let admin = try Holder(suite, ["ADMIN"]).open().access
        #expect(try make(#""ADMIN""#, admin).status == 201)
        #expect(try make(#""superuser""#, admin).status == 403)
    }

    @Test("who is invited chooses a password by mail")
    func invited() async throws {
        let suite = try SharedSuite.get()
        let name = uniqueName()
        let body = #"{"email":"\#(name)@example.com","invite":true}"#
        #expect(try send(suite, "POST", "", body, suite.superuser()).status == 201)
        #expect(try login(suite, "\(name)@example.com", password).status == 401)
        let token = try await suite.mailedToken(to: "\(name)@example.com", about: "choose a new")
        let reset = #"{"token":"\#(token)","new_password":"\#(password)"}"#
        #expect(try suite.post("/api/v1/auth/reset-password", reset).status == 204)
        #expect(try login(suite, "\(name)@example.com", password).status == 200)
    }

    @Test("a replaced user has what was said and nothing else")
    func replaced() throws {
        let suite = try SharedSuite.get()
        let (root, person) = (try suite.superuser(), try Person(suite))
        let put = try send(suite, "PUT", "/\(person.id)", #"{"username":"\#(person.name)x"}"#, root)
        #expect(put.status == 200)
        #expect(
            put.body.contains(#""email":null,"email_verified":false,"username":"\#(person.name)x","display_name":null"#)
        )
        #expect(try send(suite, "PUT", "/\(person.id)", #"{"display_name":"Ada"}"#, root).status == 422)
        let verified = #"{"email":"\#(person.email)","email_verified":true,"state":"disabled"}"#
        #expect(try send(suite, "PUT", "/\(person.id)", verified, root).body.contains(#""state":"disabled""#))
        #expect(try send(suite, "POST", "/\(person.id)/verify-email", "{}", root).status == 204)
    }

    @Test("a forced reset ends the sessions and the password, and only the mail leads on")
    func forced() async throws {
        let suite = try SharedSuite.get()
        let (root, person) = (try suite.superuser(), try Person(suite))
        let tokens = try person.login()
        #expect(try send(suite, "POST", "/\(person.id)/force-password-reset", "{}", root).status == 204)
        try await eventually { try suite.me(tokens.access).status == 401 }
        #expect(try suite.refresh(tokens.refresh).status == 401)
        let refused = try person.attempt()
        #expect(refused.status == 403)
        #expect(refused.body.contains("password_reset_needed"))
        #expect(try person.attempt("wrong").body.contains("invalid_credentials"))
        let grant = "grant_type=password&client_id=gatehouse&username=\(person.name)&password="
        let granted = try suite.form(
            "/oauth2/token", grant + person.password.split(separator: " ").joined(separator: "+"))
        #expect(granted.body.contains("invalid_grant"))
        let token = try await suite.mailedToken(to: person.email, about: "choose a new")
        let reset = #"{"token":"\#(token)","new_password":"new horse 8 battery"}"#
        #expect(try suite.post("/api/v1/auth/reset-password", reset).status == 204)
        #expect(try person.attempt("new horse 8 battery").status == 200)
        let nobody = try Holder(suite, ["USER"])
        #expect(try send(suite, "POST", "/\(nobody.id)/force-password-reset", "{}", root).body.contains("no_email"))
    }

    @Test("no login with the old password outlives a forced reset that it races")
    func forcedRace() throws {
        let suite = try SharedSuite.get()
        let (root, person) = (try suite.superuser(), try Person(suite))
        let force = suite.gateway.request(
            "POST", "/api/v1/admin/users/\(person.id)/force-password-reset",
            headers: ["Authorization: Bearer \(root)"], body: "{}")
        let login = suite.gateway.request(
            "POST", "/login", body: #"{"username":"\#(person.name)","password":"\#(person.password)"}"#)
        for _ in 0..<20 {
            let answers = try suite.gateway.burst([login, login, force, login])
            #expect(answers[2].status == 204)
            for answer in answers where answer.body.contains("refresh_token") {
                #expect(try suite.refresh(Tokens(answer.body).refresh).status == 401)
            }
            try suite.sql("update users set must_reset_password = false where id = '\(person.id)'")
        }
    }

    @Test("an administrator sees logins and tries at one, page by page")
    func logins() throws {
        let suite = try SharedSuite.get()
        let (root, person) = (try suite.superuser(), try Person(suite))
        _ = try person.login()
        _ = try person.attempt("wrong")
        let first = try JSONParser.parse(send(suite, "GET", "/\(person.id)/logins?limit=1", nil, root).body.utf8)
        guard case .array(let entries)? = first["activity"] else { return #expect(Bool(false)) }
        #expect(entries.map { $0["reason"]?.string } == ["wrong_password"])
        let next = try #require(first["next_cursor"]?.string)
        let second = try send(suite, "GET", "/\(person.id)/logins?cursor=\(next)", nil, root)
        #expect(second.body.contains(#""outcome":"success""#))
        #expect(try send(suite, "GET", "/019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6071/logins", nil, root).status == 404)
    }

    @Test("one thing is done to many, and what is refused is told for each")
    func bulk() async throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let admin = try Holder(suite, ["ADMIN"])
        let people = try (0..<3).map { _ in try Holder(suite, ["USER"]) }
        let above = try Holder(suite, ["USER"], isSuperuser: true)
        defer { _ = try? suite.sql("delete from users where id = '\(above.id)'") }
        let absent = "019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6071"
        let access = try admin.open().access
        let tokens = try people[0].open()
        func act(_ word: String, _ ids: [String], _ bearer: String) throws -> PlainHTTP.Answer {
            let list = ids.map { "\"\($0)\"" }.joined(separator: ",")
            return try send(suite, "POST", "/bulk", #"{"action":"\#(word)","ids":[\#(list)]}"#, bearer)
        }
        let locked = try act("lock", people.map(\.id) + [absent, above.id, admin.id], access)
        #expect(locked.status == 200)
        let json = try JSONParser.parse(locked.body.utf8)
        #expect(json["done"]?.integer == 3)
        guard case .array(let results)? = json["results"] else { return #expect(Bool(false)) }
        #expect(
            results.map { $0["code"]?.string } == [nil, nil, nil, "not_found", "forbidden", "own_account"])
        try await eventually { try suite.me(tokens.access).status == 401 }
        for word in ["unlock", "disable", "enable", "logout", "delete"] {
            #expect(try act(word, people.map(\.id), access).body.hasPrefix(#"{"done":3,"refused":0"#), "\(word)")
        }
        #expect(try act("delete", people.map(\.id), access).body.hasPrefix(#"{"done":0,"refused":3"#))
        let helper = try Holder(suite, [try suite.role(["users:write"], by: root).name]).open().access
        #expect(try act("lock", [absent], helper).status == 200)
        #expect(try act("delete", [absent], helper).status == 403)
        #expect(try act("logout", [absent], helper).status == 403)
        #expect(try act("promote", [absent], root).status == 422)
        #expect(try act("lock", [], root).status == 422)
        #expect(try act("lock", ["x"], root).status == 422)
        #expect(try act("lock", Array(repeating: absent, count: 1001), root).status == 422)
    }

    @Test(
        "of many changes from one reading, one is made; what is stale is refused, and whoever says nothing is not asked"
    )
    func lostUpdate() throws {
        let suite = try SharedSuite.get()
        let (root, person) = (try suite.superuser(), try Person(suite))
        func patch(_ name: String, _ tag: String?) -> PlainHTTP.Request {
            suite.gateway.request(
                "PATCH", "/api/v1/admin/users/\(person.id)",
                headers: ["Authorization: Bearer \(root)"] + (tag.map { ["If-Match: \($0)"] } ?? []),
                body: #"{"display_name":"\#(name)"}"#)
        }
        for round in 0..<100 {
            let read = try send(suite, "GET", "/\(person.id)", nil, root)
            let tag = try #require(read.header("etag"))
            let answers = try suite.gateway.burst((0..<8).map { patch("\(round) \($0)", tag) })
            #expect(answers.filter { $0.status == 200 }.count == 1)
            #expect(answers.filter { $0.status == 412 && $0.body.contains("precondition_failed") }.count == 7)
            let made = answers.first { $0.status == 200 }
            let after = try send(suite, "GET", "/\(person.id)", nil, root)
            #expect(after.body == made?.body)
            #expect(after.header("etag") == made?.header("etag"))
            #expect(after.header("etag") != tag)
        }
        func status(_ tag: String?) throws -> Int { try suite.gateway.burst([patch(uniqueName(), tag)])[0].status }
        let now = try #require(try send(suite, "GET", "/\(person.id)", nil, root).header("etag"))
        #expect(try status("W/\(now)") == 412)
        #expect(try status("\"x\"") == 412)
        #expect(try status("\"x\", \(now)") == 200)
        #expect(try status("*") == 200)
        #expect(try status(nil) == 200)
        let stale = ["If-Match: \(now)"]
        for (method, path, body) in [
            ("DELETE", "", nil), ("PUT", "", #"{"username":"\#(person.name)"}"#), ("PUT", "/roles", #"{"roles":[]}"#),
        ] {
            #expect(try send(suite, method, "/\(person.id)\(path)", body, root, headers: stale).status == 412)
        }
        #expect(try send(suite, "GET", "/\(person.id)", nil, root).body.contains(#""roles":["USER"]"#))
    }
}
