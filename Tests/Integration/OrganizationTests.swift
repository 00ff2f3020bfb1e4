import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

@Suite("Organizations", .timeLimit(.minutes(3)))
struct OrganizationTests {
    @Test("who makes one owns it; one's own are listed page by page; a slug is one's own")
    func own() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let access = try suite.session(of: person.id).access
        let made = try (0..<5).map { _ in try suite.makeOrganization(access) }
        var (seen, cursor, pages): ([String], String, Int) = ([], "", 0)
        repeat {
            let answer = try suite.send("GET", "/api/v1/organizations?limit=2\(cursor)", bearer: access)
            let json = try JSONParser.parse(answer.body.utf8)
            guard case .array(let page)? = json["organizations"] else { break }
            seen += page.compactMap { $0["id"]?.string }
            #expect(page.allSatisfy { $0["role"]?.string == "owner" })
            cursor = json["next_cursor"]?.string.map { "&cursor=\($0)" } ?? ""
            pages += 1
        } while !cursor.isEmpty
        #expect(seen == Array(made.reversed()))
        #expect(pages == 3)

        let slug = try suite.sql("select slug from organizations where id = '\(made[0])'")
        let taken = try suite.post("/api/v1/organizations", #"{"slug":"\#(slug)","name":"X"}"#, bearer: access)
        #expect(taken.status == 409)
        #expect(taken.body.contains("slug_taken"))
        let moved = try suite.send("PATCH", "/api/v1/organizations/\(made[1])", #"{"slug":"\#(slug)"}"#, bearer: access)
        #expect(moved.status == 409)
        for bad in ["-a", "a-", "A", "a.b", "", String(repeating: "a", count: 64)] {
            let refused = try suite.post("/api/v1/organizations", #"{"slug":"\#(bad)","name":"X"}"#, bearer: access)
            #expect(refused.status == 422, "\(bad)")
        }
        let events = try suite.sql(
            "select count(*) from events where kind = 'organization.changed' and subject_id = '\(made[0])'")
        #expect(events == "1")
        let audit = try suite.sql(
            "select action, actor_id from audit_log where target_kind = 'organization' and target_id = '\(made[0])'")
        #expect(audit == "organization.created|\(person.id)")
    }

    @Test("the organization is chosen at refresh, stays, and is in the token, in /me and in an introspection")
    func active() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        var tokens = try suite.session(of: person.id)
        let (first, second) = (try suite.makeOrganization(tokens.access), try suite.makeOrganization(tokens.access))
        #expect(try tokens.claims["org"] == nil)
        #expect(try suite.me(tokens.access).body.contains(#""organization_id":null"#))
        tokens = try Tokens(suite.refresh(tokens.refresh, organization: first).body)
        #expect(try tokens.claims["org"]?.string == first)
        #expect(try tokens.claims["org_role"]?.string == "owner")
        #expect(try tokens.claims["org_permissions"] == nil)
        let me = try suite.me(tokens.access).body
        #expect(me.contains(#""organization_id":"\#(first)","organization_role":"owner""#))

        tokens = try Tokens(suite.refresh(tokens.refresh).body)
        #expect(try tokens.claims["org"]?.string == first, "it stays")
        let form = "grant_type=refresh_token&client_id=gatehouse&refresh_token="
        tokens = try Tokens(suite.form("/oauth2/token", "\(form)\(tokens.refresh)&organization=\(second)").body)
        #expect(try tokens.claims["org"]?.string == second)
        tokens = try Tokens(suite.form("/oauth2/token", "\(form)\(tokens.refresh)&organization=").body)
        #expect(try tokens.claims["org"]?.string == second, "an empty parameter of a form is none")
        tokens = try Tokens(suite.form("/oauth2/token", "\(form)\(tokens.refresh)&organization=none").body)
        #expect(try tokens.claims["org"] == nil)
        tokens = try Tokens(suite.refresh(tokens.refresh, organization: second).body)
        tokens = try Tokens(suite.refresh(tokens.refresh, organization: "").body)
        #expect(try tokens.claims["org"] == nil)
        #expect(try suite.sql("select organization_id from sessions where id = '\(tokens.session)'").isEmpty)
    }

    @Test("an organization one does not belong to can't be chosen, and the refresh token is as good as before")
    func foreignChoice() throws {
        let suite = try SharedSuite.get()
        let (person, other) = (try Person(suite), try Person(suite))
        let theirs = try suite.makeOrganization(suite.session(of: other.id).access)
        let tokens = try suite.session(of: person.id)
        for choice in [theirs, UUID().uuidString] {
            let refused = try suite.refresh(tokens.refresh, organization: choice)
            #expect(refused.status == 422)
            #expect(refused.body.contains("unknown_organization"))
            let form = try suite.form(
                "/oauth2/token",
                "grant_type=refresh_token&client_id=gatehouse&refresh_token=\(tokens.refresh)&organization=\(choice)")
            #expect(form.status == 400)
            #expect(form.body.contains(#""error":"invalid_request""#))
        }
        #expect(try suite.refresh(tokens.refresh, organization: "here").status == 422)
        let next = try suite.refresh(tokens.refresh)
        #expect(next.status == 200)
        let used = try suite.refresh(tokens.refresh, organization: theirs)
        #expect(used.status == 401, "a used token is a used token")
        #expect(try suite.refresh(Tokens(next.body).refresh).status == 401)
    }

    @Test("within a reuse interval a choice gets the same successor, for the organization it names")
    func successor() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let client = uniqueName("c")
        let made = try suite.post(
            "/api/v1/admin/clients",
            #"{"name":"lenient","client_id":"\#(client)","confidential":false,"grant_types":["refresh_token"],"#
                + #""refresh_reuse_interval":60}"#, bearer: suite.superuser())
        #expect(made.status == 201)
        let id = try suite.makeOrganization(suite.session(of: person.id).access)
        let opened = try PlainHTTP(port: suite.ports["PORT_TOKEN"] ?? 0).send(
            "POST", "/internal/sessions", headers: ["X-Gatehouse-Key: \(try suite.secret("internal_key"))"],
            body: #"{"user":"\#(person.id)","client":"\#(client)","amr":["pwd"]}"#)
        let tokens = try Tokens(opened.body)
        func refresh(_ choice: String) throws -> PlainHTTP.Answer {
            try suite.form(
                "/oauth2/token",
                "grant_type=refresh_token&client_id=\(client)&refresh_token=\(tokens.refresh)&organization=\(choice)")
        }
        let first = try Tokens(refresh(id).body)
        let again = try Tokens(refresh(id).body)
        #expect(first.refresh == again.refresh)
        #expect(try again.claims["org"]?.string == id)
        #expect(try refresh(UUID().uuidString).status == 400)
        #expect(try Tokens(refresh(id).body).refresh == first.refresh, "nothing was consumed")
    }

    @Test(
        "a role of the organization's own is in the token, with its permissions where they are few; changes cut it off")
    func customRole() async throws {
        let suite = try SharedSuite.get()
        let (owner, member) = (try Person(suite), try Person(suite))
        let access = try suite.session(of: owner.id).access
        let id = try suite.makeOrganization(access)
        try suite.add(member.id, to: id)
        let path = "/api/v1/organizations/\(id)"
        let made = try suite.post(
            "\(path)/roles",
            #"{"name":"librarian","permissions":["documents:write","documents:read","documents:read"]}"#,
            bearer: access)
        #expect(made.status == 201)
        let role = try #require(JSONParser.parse(made.body.utf8)["id"]?.string)
        #expect(made.body.contains(#""permissions":["documents:read","documents:write"]"#))
        let given = try suite.send("PUT", "\(path)/members/\(member.id)", #"{"role":"librarian"}"#, bearer: access)
        #expect(given.body.contains(#""role":"librarian""#))
        var tokens = try Tokens(suite.refresh(suite.session(of: member.id).refresh, organization: id).body)
        #expect(try tokens.claims["org_role"]?.string == "librarian")
        #expect(
            try tokens.claims["org_permissions"] == .array([.string("documents:read"), .string("documents:write")]))
        #expect(try suite.me(tokens.access).body.contains(#""organization_role":"librarian""#))

        let many = (0..<60).map { #""documents-of-shelf-\#($0):read""# }.joined(separator: ",")
        let widened = try suite.send("PATCH", "\(path)/roles/\(role)", #"{"permissions":[\#(many)]}"#, bearer: access)
        #expect(widened.status == 200)
        try await eventually { try suite.me(tokens.access).status == 401 }
        tokens = try Tokens(suite.refresh(tokens.refresh).body)
        #expect(try tokens.claims["org_role"]?.string == "librarian")
        #expect(try tokens.claims["org_permissions"] == nil, "too many for a token")
        #expect(try tokens.claims["org_permissions_omitted"] == .bool(true))
        let described = try suite.send("PATCH", "\(path)/roles/\(role)", #"{"description":"x"}"#, bearer: access)
        #expect(described.status == 200)
        #expect(try suite.me(tokens.access).status == 200, "what no token says cuts none off")
    }

    @Test("what the tenant's roles give and what the organization's role gives stand side by side, on each refresh")
    func bothRoles() async throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let role = try suite.role(["users:read"], by: root)
        let holder = try Holder(suite, ["USER", role.name])
        var tokens = try holder.open()
        let id = try suite.makeOrganization(tokens.access)
        // Chosen, kept, and from the slow path: a token of the future makes the fast one miss.
        tokens = try Tokens(suite.refresh(tokens.refresh, organization: id).body)
        let first = try tokens.claims
        tokens = try Tokens(suite.refresh(tokens.refresh).body)
        let second = try tokens.claims
        try suite.sql("update sessions set generation = generation - 1 where id = '\(tokens.session)'")
        tokens = try Tokens(suite.refresh(tokens.refresh).body)
        for claims in [first, second, try tokens.claims] {
            #expect(claims["org"]?.string == id)
            #expect(claims["org_role"]?.string == "owner")
            #expect(claims["permissions"] == .array([.string("users:read")]))
            guard case .array(let roles)? = claims["roles"] else { Issue.record("no roles"); continue }
            #expect(Set(roles.compactMap(\.string)) == ["USER", role.name])
            #expect(claims["role_epoch"] != nil)
        }
        let changed = try suite.send(
            "PATCH", "/api/v1/admin/roles/\(role.id)", #"{"permissions":["users:read","roles:read"]}"#, bearer: root)
        #expect(changed.status == 200)
        try await eventually { try suite.me(tokens.access).status == 401 }
        tokens = try Tokens(suite.refresh(tokens.refresh).body)
        #expect(try tokens.claims["permissions"] == .array([.string("roles:read"), .string("users:read")]))
        #expect(try tokens.claims["org"]?.string == id)
        #expect(try suite.send("GET", "/api/v1/admin/roles", bearer: tokens.access).status == 200)
    }

    @Test("a client's introspection names the organization")
    func introspection() throws {
        let suite = try SharedSuite.get()
        let person = try Person(suite)
        let client = try Client(suite)
        let id = try suite.makeOrganization(suite.session(of: person.id).access)
        let opened = try PlainHTTP(port: suite.ports["PORT_TOKEN"] ?? 0).send(
            "POST", "/internal/sessions", headers: ["X-Gatehouse-Key: \(try suite.secret("internal_key"))"],
            body: #"{"user":"\#(person.id)","client":"\#(client.id)","amr":["pwd"]}"#)
        let refresh = try Tokens(opened.body).refresh
        let answer = try client.token("grant_type=refresh_token&refresh_token=\(refresh)&organization=\(id)")
        let said = try client.introspect(Tokens(answer.body).access)
        #expect(said["org"]?.string == id)
        #expect(said["org_role"]?.string == "owner")
    }

    @Test("who is removed loses the claim; their tokens are refused, their session goes on without")
    func removed() async throws {
        let suite = try SharedSuite.get()
        let (owner, member) = (try Person(suite), try Person(suite))
        let access = try suite.session(of: owner.id).access
        for end in ["removed", "deleted"] {
            let id = try suite.makeOrganization(access)
            try suite.add(member.id, to: id)
            let tokens = try Tokens(suite.refresh(suite.session(of: member.id).refresh, organization: id).body)
            #expect(try suite.send("GET", "/api/v1/organizations/\(id)", bearer: tokens.access).status == 200)
            let path = "/api/v1/organizations/\(id)" + (end == "removed" ? "/members/\(member.id)" : "")
            #expect(try suite.send("DELETE", path, bearer: suite.session(of: owner.id).access).status == 204)
            try await eventually { try suite.me(tokens.access).status == 401 }
            let next = try Tokens(suite.refresh(tokens.refresh).body)
            #expect(try next.claims["org"] == nil)
            #expect(try suite.send("GET", "/api/v1/organizations/\(id)", bearer: next.access).status == 404)
            #expect(try suite.sql("select organization_id from sessions where id = '\(next.session)'").isEmpty)
        }
    }
}
