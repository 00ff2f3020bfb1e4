import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

@Suite("Invitations", .timeLimit(.minutes(3)))
struct InvitationTests {
    private struct Setting {
        let suite: RunningSuite
        let owner: Person
        let access: String
        let id: String

        var path: String { "/api/v1/organizations/\(id)" }

        init(name: String = "Engines") throws {
            suite = try SharedSuite.get()
            owner = try Person(suite)
            access = try suite.session(of: owner.id).access
            let made = try suite.post(
                "/api/v1/organizations", #"{"slug":"\#(uniqueName("o"))","name":"\#(name)"}"#, bearer: access)
            id = try #require(JSONParser.parse(made.body.utf8)["id"]?.string)
        }

        func invite(_ email: String, _ role: String = "member", by bearer: String? = nil) throws -> PlainHTTP.Answer {
            try suite.post(
                "\(path)/invitations", #"{"email":"\#(email)","role":"\#(role)"}"#, bearer: bearer ?? access,
                headers: ["X-Request-Id: same"])
        }

        func accept(_ token: String, by bearer: String, tenant: String? = nil) throws -> PlainHTTP.Answer {
            try suite.post(
                "/api/v1/organizations/invitations/accept", #"{"token":"\#(token)"}"#, tenant: tenant, bearer: bearer)
        }

        func token(_ email: String, after count: Int = 0) async throws -> String {
            try await suite.mailedToken(to: email, about: "you are invited", after: count)
        }
    }

    @Test("from the mail to the membership, for somebody who had no account; joining proves the address")
    func endToEnd() async throws {
        let it = try Setting(name: "Engines https://evil.example/x")
        let (suite, address) = (it.suite, "\(uniqueName())@example.com")
        let invited = try it.invite(address.uppercased(), "admin")
        #expect(invited.status == 201)
        #expect(!invited.body.contains("ghv_"))
        let token = try await it.token(address.uppercased())
        let mail = try suite.mails(to: address.uppercased()).joined()
        #expect(mail.contains("http://localhost:\(suite.gateway.port)/api/v1/organizations/invitations/accept"))
        #expect(!mail.contains("evil.example"), "what somebody calls an organization is no link")
        #expect(mail.contains("Engines"))
        #expect(
            try suite.sql("select count(*) from organization_invitations where encode(digest, 'escape') like 'ghv%'")
                == "0")

        let page = try suite.send("GET", "/api/v1/organizations/invitations/accept?token=\(token)")
        #expect(page.status == 200)
        #expect(page.body.contains(token))
        #expect(page.header("content-security-policy")?.contains("default-src 'none'") == true)

        let password = "correct horse 7 battery"
        let registered = try suite.post(
            "/api/v1/auth/register", #"{"email":"\#(address)","password":"\#(password)"}"#)
        #expect(registered.status == 201)
        let login = try suite.post("/api/v1/auth/login", #"{"email":"\#(address)","password":"\#(password)"}"#)
        let tokens = try Tokens(login.body)
        #expect(try suite.me(tokens.access).body.contains(#""email_verified":false"#))
        let joined = try it.accept(token, by: tokens.access)
        #expect(joined.status == 200)
        #expect(joined.body.contains(#""role":"admin""#))
        #expect(try suite.me(tokens.access).body.contains(#""email_verified":true"#))
        #expect(try it.accept(token, by: tokens.access).status == 400)
        let next = try Tokens(suite.refresh(tokens.refresh, organization: it.id).body)
        #expect(try next.claims["org_role"]?.string == "admin")
        #expect(try !suite.logs().contains(token))
    }

    @Test("the one who invites is not told whether the address has an account")
    func nothingTold() throws {
        let it = try Setting()
        let known = try Person(it.suite).email
        let answers = try [known, "\(uniqueName())@example.com"].map { try it.invite($0) }
        #expect(answers.map(\.status) == [201, 201])
        func shape(_ answer: PlainHTTP.Answer) throws -> [String] {
            guard case .object(let members) = try JSONParser.parse(answer.body.utf8) else { return [] }
            return members.map(\.name)
        }
        #expect(try shape(answers[0]) == shape(answers[1]))
        #expect(answers[0].headers.map(\.name) == answers[1].headers.map(\.name))
    }

    @Test("another account, another tenant, a text that is no token, and one whose time is over open nothing")
    func refused() async throws {
        let it = try Setting()
        let (guest, other) = (try Person(it.suite), try Person(it.suite))
        #expect(try it.invite(guest.email).status == 201)
        let token = try await it.token(guest.email)
        let (own, others) = (try it.suite.session(of: guest.id).access, try it.suite.session(of: other.id).access)
        let foreign = try it.accept(token, by: others)
        #expect(foreign.status == 403)
        #expect(foreign.body.contains("invitation_not_yours"))
        #expect(try it.suite.post("/api/v1/organizations/invitations/accept", #"{"token":"\#(token)"}"#).status == 401)
        let tenant = try await it.suite.tenant()
        let namesake = try Person(it.suite, tenant: tenant.slug)
        try it.suite.sql("update users set email = '\(guest.email)' where id = '\(namesake.id)'")
        let abroad = try it.suite.session(of: namesake.id, tenant: tenant.id).access
        #expect(try it.accept(token, by: abroad, tenant: tenant.slug).status == 400)
        #expect(try it.accept("ghv_made-up", by: own).status == 400)
        #expect(try it.accept("made-up", by: own).status == 400)
        let set = "update organization_invitations set expires_at = now() + interval"
        let which = "where organization_id = '\(it.id)'"
        try it.suite.sql("\(set) '-1 second' \(which)")
        #expect(try it.accept(token, by: own).status == 400)
        try it.suite.sql("\(set) '1 day' \(which)")
        #expect(try it.accept(token, by: own).status == 200, "nothing of all that has used it up")
    }

    @Test("a newer invitation voids the older one's token and says what counts")
    func replaced() async throws {
        let it = try Setting()
        let guest = try Person(it.suite)
        let access = try it.suite.session(of: guest.id).access
        #expect(try it.invite(guest.email, "member").status == 201)
        let first = try await it.token(guest.email)
        #expect(try it.invite(guest.email, "admin").status == 201)
        let second = try await it.token(guest.email, after: 1)
        let listed = try it.suite.send("GET", "\(it.path)/invitations", bearer: it.access).body
        #expect(listed.split(separator: "\"email\"").count == 2, "one for each address")
        #expect(try it.accept(first, by: access).status == 400)
        #expect(try it.accept(second, by: access).body.contains(#""role":"admin""#))
        #expect(try it.invite(guest.email).body.contains("already_member"))
    }

    @Test("an invitation that was taken back or declined is none; declining takes no account")
    func ended() async throws {
        let it = try Setting()
        let guest = try Person(it.suite)
        let access = try it.suite.session(of: guest.id).access
        let invited = try it.invite(guest.email)
        let invitation = try #require(JSONParser.parse(invited.body.utf8)["id"]?.string)
        let first = try await it.token(guest.email)
        let withdrawn = try it.suite.send("DELETE", "\(it.path)/invitations/\(invitation)", bearer: it.access)
        #expect(withdrawn.status == 204)
        #expect(try it.accept(first, by: access).status == 400)
        #expect(try it.invite(guest.email).status == 201)
        let second = try await it.token(guest.email, after: 1)
        let page = try it.suite.form(
            "/api/v1/organizations/invitations/decline", "token=\(second)", headers: ["Accept: text/html"])
        #expect(page.status == 200)
        #expect(page.body.contains("declined"))
        #expect(try it.suite.form("/api/v1/organizations/invitations/decline", "token=\(second)").status == 400)
        #expect(try it.accept(second, by: access).status == 400)
    }

    @Test("an invitation is good only while whoever gave it might give it")
    func inviterDemoted() async throws {
        let it = try Setting()
        let (admin, guest) = (try Person(it.suite), try Person(it.suite))
        try it.suite.sql(
            "insert into organization_members (tenant_id, organization_id, user_id, role) "
                + "values ('\(RunningSuite.tenant)', '\(it.id)', '\(admin.id)', 'admin')")
        #expect(try it.invite(guest.email, by: it.suite.session(of: admin.id).access).status == 201)
        let token = try await it.token(guest.email)
        let access = try it.suite.session(of: guest.id).access
        func role(_ role: String) throws {
            let path = "\(it.path)/members/\(admin.id)"
            let answer = try it.suite.send(
                "PUT", path, #"{"role":"\#(role)"}"#, bearer: it.suite.session(of: it.owner.id).access)
            #expect(answer.status == 200)
        }
        func user(_ change: String) throws {
            try it.suite.sql(
                "update users set \(change) where tenant_id = '\(RunningSuite.tenant)' and id = '\(admin.id)'")
        }
        try role("member")
        #expect(try it.accept(token, by: access).status == 400)
        try role("admin")
        for (away, back) in [
            ("state = 'disabled'", "state = 'active'"), ("locked_at = now()", "locked_at = null"),
        ] {
            try user(away)
            #expect(try it.accept(token, by: access).status == 400, "\(away)")
            try user(back)
        }
        #expect(try it.accept(token, by: access).status == 200)
    }
}
