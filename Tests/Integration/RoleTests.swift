import GatehouseTesting
import Kit
import Testing

@Suite("Roles and permissions", .timeLimit(.minutes(5)))
struct RoleTests {
    private func send(
        _ suite: RunningSuite, _ method: String, _ path: String, _ body: String? = nil, _ bearer: String
    ) throws -> PlainHTTP.Answer {
        try suite.send(method, "/api/v1/admin/" + path, body, bearer: bearer)
    }

    private func list(_ suite: RunningSuite, _ bearer: String) throws -> Int {
        try suite.send("GET", "/api/v1/admin/users?limit=1", bearer: bearer).status
    }

    private func names(_ permissions: [String]) -> String { permissions.map { "\"\($0)\"" }.joined(separator: ",") }

    @Test("a role is made, read, replaced, changed and removed; the built-in ones stay what they are")
    func life() throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let permission = "\(uniqueName("o")):read"
        #expect(
            try send(suite, "POST", "permissions", #"{"name":"\#(permission)","description":"x"}"#, root).status == 201)
        #expect(try send(suite, "POST", "permissions", #"{"name":"\#(permission)"}"#, root).status == 409)
        let role = try suite.role(["users:read", permission], by: root)
        #expect(try send(suite, "GET", "roles/\(role.id)", nil, root).body.contains(permission))
        let twin = try send(suite, "POST", "roles", #"{"name":"\#(role.name)","permissions":[]}"#, root)
        #expect(twin.status == 409)
        #expect(twin.body.contains("role_name_taken"))
        let replaced = try send(
            suite, "PUT", "roles/\(role.id)", #"{"name":"\#(role.name)","permissions":["clients:read"]}"#, root)
        #expect(replaced.body.contains(#""permissions":["clients:read"]"#))
        let changed = try send(suite, "PATCH", "roles/\(role.id)", #"{"description":"For some"}"#, root)
        #expect(changed.body.contains(#""permissions":["clients:read"]"#))
        #expect(changed.body.contains("For some"))
        #expect(try send(suite, "DELETE", "roles/\(role.id)", nil, root).status == 204)
        #expect(try send(suite, "GET", "roles/\(role.id)", nil, root).status == 404)
        // As clients write it that encode whatever they may.
        let encoded = permission.replacing(":", with: "%3A")
        #expect(try send(suite, "DELETE", "permissions/\(encoded)", nil, root).status == 204)
        #expect(try send(suite, "DELETE", "permissions/\(permission)", nil, root).status == 404)
        #expect(try send(suite, "DELETE", "permissions/users:read", nil, root).status == 409)
        for name in ["USER", "MODERATOR", "ADMIN"] {
            let id = try suite.sql(
                "select id from roles where tenant_id = '\(Holder.tenant)' and name = '\(name)'")
            let patched = try send(suite, "PATCH", "roles/\(id)", #"{"permissions":["users:read"]}"#, root)
            #expect(patched.body.contains("builtin_role"))
            #expect(try send(suite, "DELETE", "roles/\(id)", nil, root).status == 409)
        }
        for action in ["role.made", "role.changed", "role.deleted"] {
            let count = try suite.sql(
                "select count(*) from audit_log where target_id = '\(role.id)' and action = '\(action)'")
            #expect(count == (action == "role.changed" ? "2" : "1"))
        }
    }

    @Test(
        "what is no role or no permission is refused by field",
        arguments: [
            (#"{"permissions":[]}"#, "/name"), (#"{"name":"Admin","permissions":[]}"#, "reserved_name"),
            (#"{"name":"SUPERUSER","permissions":[]}"#, "reserved_name"),
            (#"{"name":"a:b","permissions":[]}"#, "/name"),
            (#"{"name":"a,ADMIN","permissions":[]}"#, "/name"), (#"{"name":"1a","permissions":[]}"#, "/name"),
            (#"{"name":"x","permissions":["superuser"]}"#, "invalid_permission"),
            (#"{"name":"x","permissions":["ADMIN"]}"#, "invalid_permission"),
            (#"{"name":"x","permissions":["a:b,c:d"]}"#, "invalid_permission"),
            (#"{"name":"x","permissions":["users:everything"]}"#, "unknown_permission"),
            (#"{"name":"x","permissions":"users:read"}"#, "wrong_type"),
        ])
    func refused(body: String, word: String) throws {
        let suite = try SharedSuite.get()
        let answer = try send(suite, "POST", "roles", body, suite.superuser())
        #expect(answer.status == 422)
        #expect(answer.body.contains(word))
    }

    @Test(
        "a tenant's own permissions stay off what is Gatehouse's",
        arguments: ["users:anything", "tenants:read", "Users:read", "users", "a:", ":b", "a:b:c", "a b:c", "ü:read"])
    func reserved(name: String) throws {
        let suite = try SharedSuite.get()
        #expect(try send(suite, "POST", "permissions", #"{"name":"\#(name)"}"#, suite.superuser()).status == 422)
    }

    @Test("nobody gives what they do not hold: not by a new role, a changed one, or an assignment")
    func escalation() throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let own = try suite.role(["roles:write", "roles:read", "users:read"], by: root)
        let bigger = try suite.role(["clients:write"], by: root)
        let actor = try Holder(suite, [own.name])
        let access = try actor.open().access
        let victim = try Holder(suite, ["USER"])
        func forbidden(_ method: String, _ path: String, _ body: String?, naming word: String) throws {
            let answer = try send(suite, method, path, body, access)
            #expect(answer.status == 403, "\(method) \(path) \(body ?? "")")
            #expect(answer.body.contains(word), "\(answer.body)")
        }
        func roles(_ names: String...) -> String { #"{"roles":[\#(self.names(names))]}"# }
        try forbidden("POST", "roles", #"{"name":"x","permissions":["clients:write"]}"#, naming: "clients:write")
        try forbidden("PATCH", "roles/\(own.id)", #"{"permissions":["users:delete"]}"#, naming: "users:delete")
        try forbidden(
            "PUT", "roles/\(own.id)", #"{"name":"\#(own.name)","permissions":["roles:write","keys:rotate"]}"#,
            naming: "keys:rotate")
        try forbidden("PATCH", "roles/\(bigger.id)", #"{"permissions":[]}"#, naming: "clients:write")
        try forbidden("DELETE", "roles/\(bigger.id)", nil, naming: "clients:write")
        for target in [actor.id, victim.id] {
            try forbidden("PUT", "users/\(target)/roles", roles(own.name, "ADMIN"), naming: "ADMIN")
            try forbidden("PUT", "users/\(target)/roles", roles(own.name, "MODERATOR"), naming: "sessions:read")
            try forbidden("PUT", "users/\(target)/roles", roles(own.name, bigger.name), naming: "clients:write")
            try forbidden("PUT", "users/\(target)/roles", roles(own.name, "superuser"), naming: "superuser")
        }
        let admin = try Holder(suite, ["ADMIN"]).open().access
        #expect(try send(suite, "PUT", "users/\(victim.id)/roles", roles("superuser"), admin).status == 403)
        #expect(try suite.sql("select is_superuser from users where id = '\(victim.id)'") == "f")
        // What it holds itself it may give, and make roles of.
        #expect(try send(suite, "PUT", "users/\(victim.id)/roles", roles("USER", own.name), access).status == 200)
        #expect(try suite.role(["users:read"], by: access).name.isEmpty == false)
        let permissions = try suite.sql("select permissions from roles where id = '\(own.id)'")
        #expect(permissions == "{roles:read,roles:write,users:read}")
    }

    @Test("nobody acts on whoever holds what they do not")
    func rank() throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let helper = try suite.role(
            ["users:read", "users:write", "users:delete", "sessions:revoke", "roles:write"], by: root)
        let other = try suite.role(["clients:read"], by: root)
        let callers = [
            try Holder(suite, [helper.name]).open().access, try Holder(suite, ["MODERATOR"]).open().access,
        ]
        let admin = try Holder(suite, ["ADMIN"]).open().access
        let acts = [
            ("PATCH", "", #"{"email":"taken-over@example.com"}"#), ("PATCH", "", #"{"state":"disabled"}"#),
            ("PUT", "", #"{"username":"taken-over"}"#), ("POST", "/force-password-reset", "{}"),
            ("POST", "/verify-email", "{}"), ("DELETE", "", nil), ("POST", "/lock", "{}"), ("POST", "/unlock", "{}"),
            ("DELETE", "/logout-all", nil),
            ("POST", "/logout-all", "{}"), ("PUT", "/roles", #"{"roles":["USER"]}"#),
        ]
        for (target, callers) in [
            (try Holder(suite, ["ADMIN"]), callers), (try Holder(suite, ["USER", other.name]), callers),
            (try Holder(suite, ["USER"], isSuperuser: true), callers + [admin]),
        ] {
            let tokens = try target.open()
            for caller in callers {
                for (method, path, body) in acts {
                    let answer = try send(suite, method, "users/\(target.id)\(path)", body, caller)
                    #expect(answer.status == 403, "\(method) \(path)")
                }
            }
            #expect(try suite.me(tokens.access).status == 200)
        }
        let plain = try Holder(suite, ["USER"])
        try suite.sql("update users set email = username || '@example.com' where id = '\(plain.id)'")
        for (method, path, body) in acts.reversed() where path != "" || method == "PATCH" {
            let answer = try send(suite, method, "users/\(plain.id)\(path)", body, callers[0])
            #expect(answer.status < 300, "\(method) \(path) \(answer.body)")
        }
        let user = try Holder(suite, ["USER"])
        let tokens = try user.open()
        #expect(try send(suite, "DELETE", "users/\(user.id)/logout-all", nil, callers[1]).body == #"{"revoked":1}"#)
        #expect(try suite.refresh(tokens.refresh).status == 401)
        try suite.sql("update users set is_superuser = false where username like 'h%'")
    }

    @Test("a changed role is felt by whoever holds it, also in a race with their refreshes")
    func felt() async throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let role = try suite.role([], by: root)
        var tokens = try Holder(suite, ["USER", role.name]).open()
        let bystander = try Holder(suite, ["USER", try suite.role(["users:read"], by: root).name]).open()
        for round in 0..<200 {
            let isGiven = round.isMultiple(of: 2)
            let change = suite.gateway.request(
                "PATCH", "/api/v1/admin/roles/\(role.id)", headers: ["Authorization: Bearer \(root)"],
                body: #"{"permissions":[\#(isGiven ? #""users:read""# : "")]}"#)
            let refresh = suite.gateway.request(
                "POST", "/api/v1/auth/refresh", body: #"{"refresh_token":"\#(tokens.refresh)"}"#)
            let answers = try suite.gateway.burst([change, refresh])
            #expect(answers.map(\.status) == [200, 200])
            let during = try Tokens(answers[1].body)
            tokens = try Tokens(suite.refresh(during.refresh).body)
            let expected = isGiven ? 200 : 403
            let answer = try suite.send("GET", "/api/v1/admin/users?limit=1", bearer: tokens.access)
            #expect(answer.status == expected, "round \(round): \(answer.body)")
            try await eventually { [expected, 401].contains(try list(suite, during.access)) }
        }
        #expect(try list(suite, bystander.access) == 200, "holders of another role are left alone")
        #expect(try send(suite, "DELETE", "roles/\(role.id)", nil, root).status == 204)
        try await eventually { try list(suite, tokens.access) == 401 }
        // One made anew under the old name has nothing to do with the old one's tokens.
        let body = #"{"name":"\#(role.name)","permissions":["users:read"]}"#
        #expect(try send(suite, "POST", "roles", body, root).status == 201)
        #expect(try list(suite, tokens.access) == 401)
        #expect(try list(suite, Holder(suite, [role.name]).open().access) == 200)
    }

    @Test("more permissions than a token takes are asked for, with the same outcome")
    func many() async throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let resource = uniqueName("m")
        let own = (0..<25).map { "\(resource):do\($0)" }
        for name in own { #expect(try send(suite, "POST", "permissions", #"{"name":"\#(name)"}"#, root).status == 201) }
        let role = try suite.role(own + ["users:read"], by: root)
        let holder = try Holder(suite, [role.name])
        let tokens = try holder.open()
        let payload = try claims(tokens.access)
        #expect(payload["permissions"] == nil)
        #expect(payload["permissions_omitted"] == .bool(true))
        #expect(try list(suite, tokens.access) == 200)
        #expect(try send(suite, "GET", "clients", nil, tokens.access).status == 403)
        let less = try send(suite, "PATCH", "roles/\(role.id)", #"{"permissions":[\#(names(own))]}"#, root)
        #expect(less.status == 200)
        try await eventually { try list(suite, tokens.access) == 401 }
        #expect(try list(suite, holder.open().access) == 403)
        #expect(try send(suite, "DELETE", "permissions/\(own[0])", nil, root).status == 204)
        let left = try suite.sql("select cardinality(permissions) from roles where id = '\(role.id)'")
        #expect(left == "24")
        let small = try suite.role(["\(resource):do1"], by: root)
        let claim = try claims(try Holder(suite, [small.name]).open().access)["permissions"]
        #expect(claim == .array([.string("\(resource):do1")]))
    }

    private func claims(_ token: String) throws -> JSONValue {
        let part = token.split(separator: ".")[1]
        let script = "import base64,sys; s=sys.argv[1]; print(base64.urlsafe_b64decode(s+'='*(-len(s)%4)).decode())"
        return try JSONParser.parse(ChildProcess.run(["python3", "-c", script, String(part)]).utf8)
    }

    @Test("questions are answered by the roles as they are, whatever the token says")
    func questions() throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let permission = "\(uniqueName("q")):read"
        _ = try send(suite, "POST", "permissions", #"{"name":"\#(permission)"}"#, root)
        let role = try suite.role([permission], by: root)
        let (holder, other) = (try Holder(suite, [role.name]), try Holder(suite, ["USER"]))
        let access = try holder.open().access
        func ask(_ body: String, _ bearer: String) throws -> PlainHTTP.Answer {
            try suite.post("/api/v1/authz/check", body, bearer: bearer)
        }
        func allowed(_ body: String, _ bearer: String) throws -> JSONValue? {
            try JSONParser.parse(ask(body, bearer).body.utf8)["allowed"]
        }
        let question = #"{"permission":"\#(permission)"}"#
        #expect(try allowed(question, access) == .bool(true))
        #expect(try allowed(#"{"permission":"users:read"}"#, access) == .bool(false))
        let about = #"{"permission":"\#(permission)","subject":"\#(other.id)"}"#
        #expect(try ask(about, access).status == 403)
        #expect(try allowed(about, root) == .bool(false))
        #expect(try allowed(#"{"permission":"\#(permission)","subject":"\#(holder.id)"}"#, root) == .bool(true))
        let batch = try ask(
            #"{"checks":[{"permission":"\#(permission)"},{"permission":"users:read"},"#
                + #"{"permission":"\#(permission)","subject":"\#(holder.id)"}]}"#, access)
        #expect(batch.body.hasPrefix(#"{"allowed":false,"results":[{"permission":"\#(permission)""#))
        #expect(batch.body.split(separator: #""allowed":true"#).count == 3)
        for body in [
            "{}", #"{"checks":[]}"#, #"{"checks":[{}]}"#, #"{"permission":"a:b","checks":[{"permission":"a:b"}]}"#,
        ] {
            #expect(try ask(body, access).status == 422, "\(body)")
        }
        // An administrator holds what there is, and nothing that nobody has made.
        let admin = try Holder(suite, ["ADMIN"]).open().access
        #expect(try allowed(question, admin) == .bool(true))
        #expect(try allowed(#"{"permission":"unheard:of"}"#, admin) == .bool(false))
        try suite.sql("update users set state = 'disabled' where id = '\(holder.id)'")
        #expect(try allowed(#"{"permission":"\#(permission)","subject":"\#(holder.id)"}"#, root) == .bool(false))
    }

    @Test("of two superusers who remove, demote, lock or disable one another at once, one stays")
    func lastSuperuser() throws {
        let suite = try SharedSuite.get()
        let root = try suite.sql("select id from users where is_superuser and email = 'root@example.com'")
        try suite.sql("update users set is_superuser = false")
        defer { _ = try? suite.sql("update users set is_superuser = (id = '\(root)')") }
        let acts: [(String, String, String?)] = [
            ("DELETE", "", nil), ("PATCH", "", #"{"state":"disabled"}"#), ("POST", "/lock", "{}"),
            ("PUT", "/roles", #"{"roles":["USER"]}"#),
        ]
        var refused = 0
        for round in 0..<200 {
            let two = try (0..<2).map { _ in try Holder(suite, ["USER"], isSuperuser: true) }
            let tokens = try two.map { try $0.open() }
            // Every pair of acts, again and again.
            let (first, second) = (acts[round % 4], acts[round / 4 % 4])
            let requests = zip([first, second], zip(two.reversed(), tokens)).map { act, pair in
                suite.gateway.request(
                    act.0, "/api/v1/admin/users/\(pair.0.id)\(act.1)", headers: [pair.1.bearer], body: act.2)
            }
            let answers = try suite.gateway.burst(requests)
            #expect(answers.allSatisfy { [200, 204, 401, 403, 409].contains($0.status) }, "\(answers.map(\.status))")
            refused += answers.filter { $0.body.contains("last_superuser") }.count
            let left = try suite.sql(
                "select count(*) from users where is_superuser and state = 'active' and locked_at is null")
            #expect(left == "1", "\(first.0)\(first.1) against \(second.0)\(second.1)")
            try suite.sql("delete from users where is_superuser or username in ('\(two[0].name)', '\(two[1].name)')")
        }
        #expect(refused > 0, "the race was never lost")
    }

    @Test("a superuser makes and unmakes another, but not the last")
    func superusers() throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let id = try suite.sql("select id from users where is_superuser and email = 'root@example.com'")
        let other = try Holder(suite, ["USER"])
        func roles(_ user: String, _ names: String...) throws -> PlainHTTP.Answer {
            try send(suite, "PUT", "users/\(user)/roles", #"{"roles":[\#(self.names(names))]}"#, root)
        }
        #expect(try roles(id, "USER", "ADMIN").body.contains("last_superuser"))
        #expect(try roles(other.id, "USER", "superuser").body.contains(#""roles":["USER","superuser"]"#))
        #expect(try suite.send("GET", "/api/v1/admin/tenants", bearer: other.open().access).status == 200)
        #expect(try roles(other.id, "USER").body.contains(#""roles":["USER"]"#))
        #expect(try suite.send("GET", "/api/v1/admin/tenants", bearer: other.open().access).status == 403)
    }
}
