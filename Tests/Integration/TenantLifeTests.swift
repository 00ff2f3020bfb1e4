import GatehouseTesting
import Kit
import Testing

@Suite("A tenant from its first administrator to its end", .timeLimit(.minutes(5)))
struct TenantLifeTests {
    private static let password = "correct horse 7 battery"

    private func make(_ suite: RunningSuite, _ slug: String, _ members: String) throws -> PlainHTTP.Answer {
        try suite.post(
            "/api/v1/admin/tenants", #"{"slug":"\#(slug)","name":"Tenant \#(slug)",\#(members)}"#,
            bearer: suite.superuser())
    }

    private func delete(
        _ suite: RunningSuite, _ tenant: String, grace: Int? = nil, bearer: String? = nil
    ) throws -> PlainHTTP.Answer {
        let query = grace.map { "?grace_seconds=\($0)" } ?? ""
        return try suite.send(
            "DELETE", "/api/v1/admin/tenants/\(tenant)\(query)", bearer: bearer ?? suite.superuser())
    }

    private func change(_ suite: RunningSuite, _ tenant: String, _ members: String) throws -> PlainHTTP.Answer {
        try suite.send("PATCH", "/api/v1/admin/tenants/\(tenant)", "{\(members)}", bearer: suite.superuser())
    }

    @Test("the first administrator logs in with the password that was given, and looks after that tenant alone")
    func administratorWithPassword() async throws {
        let suite = try SharedSuite.get()
        let slug = uniqueName("t")
        let member = #""administrator":{"username":"boss","password":"\#(Self.password)"}"#
        let made = try make(suite, slug, member)
        try #require(made.status == 201, "\(made.body)")
        let id = try #require(JSONParser.parse(made.body.utf8)["id"]?.string)
        var login: PlainHTTP.Answer?
        try await eventually {
            login = try suite.post(
                "/api/v1/auth/login", #"{"username":"boss","password":"\#(Self.password)"}"#, tenant: slug)
            return login?.status == 200
        }
        let access = try Tokens(#require(login).body).access
        #expect(try suite.send("GET", "/api/v1/admin/users", tenant: slug, bearer: access).status == 200)
        #expect(try suite.send("GET", "/api/v1/admin/tenants/\(id)", tenant: slug, bearer: access).status == 200)
        #expect(try suite.send("GET", "/api/v1/admin/tenants", tenant: slug, bearer: access).status == 403)
        for (method, body) in [
            ("PATCH", #"{"hosts":["a.example"]}"#), ("PATCH", #"{"state":"suspended"}"#), ("DELETE", nil),
        ] {
            let path = "/api/v1/admin/tenants/\(id)"
            #expect(try suite.send(method, path, body, tenant: slug, bearer: access).status == 403)
        }
        #expect(try suite.send("GET", "/api/v1/admin/users", bearer: access).status == 401)
    }

    @Test("an administrator without a password chooses one by mail")
    func administratorByMail() async throws {
        let suite = try SharedSuite.get()
        let (slug, address) = (uniqueName("t"), "\(uniqueName())@example.com")
        #expect(try make(suite, slug, #""administrator":{"email":"\#(address)"}"#).status == 201)
        let token = try await suite.mailedToken(to: address, about: "choose a new password")
        let reset = try suite.post(
            "/api/v1/auth/reset-password", #"{"token":"\#(token)","new_password":"\#(Self.password)"}"#, tenant: slug)
        #expect(reset.status == 204)
        let login = try suite.post(
            "/api/v1/auth/login", #"{"email":"\#(address)","password":"\#(Self.password)"}"#, tenant: slug)
        #expect(login.status == 200)
        let access = try Tokens(login.body).access
        #expect(try suite.send("GET", "/api/v1/admin/users", tenant: slug, bearer: access).status == 200)
    }

    @Test("what is wrong with the administrator is said by its field, and no tenant is made")
    func administratorRefused() throws {
        let suite = try SharedSuite.get()
        let slug = uniqueName("t")
        let settings = #""settings":{"password_minimum_length":30}"#
        for (member, pointer) in [
            (#"{"email":"a@example.com","password":"\#(Self.password)"}"#, "/administrator/password"),
            (#"{"username":"boss"}"#, "/administrator/password"), (#"{}"#, "/administrator/email"),
            (#"{"email":"nobody"}"#, "/administrator/email"), (#"7"#, "/administrator"),
        ] {
            let refused = try make(suite, slug, #"\#(settings),"administrator":\#(member)"#)
            #expect(refused.status == 422)
            #expect(refused.body.contains(#""pointer":"\#(pointer)""#), "\(refused.body)")
        }
        #expect(try suite.sql("select count(*) from tenants where slug = '\(slug)'") == "0")
    }

    @Test("hosts lead to their tenant, and to one alone")
    func hosts() async throws {
        let suite = try SharedSuite.get()
        let host = "\(uniqueName("h")).example"
        let tenant = try await suite.tenant()
        #expect(try change(suite, tenant.id, #""hosts":["\#(host)","b-\#(host)"]"#).status == 200)
        let person = try Person(suite, tenant: tenant.slug)
        let access = try person.login().access
        func status(_ host: String) throws -> Int {
            let fields = ["GET /api/v1/auth/me HTTP/1.1", "Host: \(host)", "Authorization: Bearer \(access)"]
            return try suite.gateway.raw((fields + ["Connection: close", "", ""]).joined(separator: "\r\n")).status
        }
        try await eventually { try status("\(host):8080") == 200 }
        #expect(try status(host.uppercased()) == 200)
        let other = try await suite.tenant()
        let taken = try change(suite, other.id, #""hosts":["\#(host)"]"#)
        #expect(taken.status == 409)
        #expect(taken.body.contains("host_taken"))
        for bad in ["Upper.example", "a:80", "a/b", "", "[::1]"] {
            #expect(try change(suite, other.id, #""hosts":["\#(bad)"]"#).status == 422, "\(bad)")
        }
        #expect(try change(suite, tenant.id, #""hosts":["b-\#(host)"]"#).status == 200)
        #expect(try change(suite, other.id, #""hosts":["\#(host)"]"#).status == 200)
        try await eventually { try status(host) == 401 }
        #expect(try status("b-\(host)") == 200)
    }

    @Test("the pages of a tenant's own origins may call for it, those of others may not")
    func origins() async throws {
        let suite = try SharedSuite.get()
        let origin = "https://\(uniqueName("o")).example"
        let tenant = try await suite.tenant(#"{"cors_origins":["\#(origin)"]}"#)
        func allowed(_ slug: String?) throws -> Bool {
            let answer = try suite.send("GET", "/api/v1/auth/me", tenant: slug, headers: ["Origin: \(origin)"])
            return answer.headers.contains { $0.name == "access-control-allow-origin" && $0.value == origin }
        }
        #expect(try allowed(tenant.slug))
        #expect(try !allowed(nil))
        #expect(try change(suite, tenant.id, #""settings":{"cors_origins":["*"]}"#).status == 422)
        #expect(try change(suite, tenant.id, #""settings":{"cors_origins":null}"#).status == 200)
        try await eventually { try !allowed(tenant.slug) }
    }

    @Test("a tenant that is to be deleted is out of use at once, and back as it was when that is taken back")
    func takenBack() async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant()
        let person = try Person(suite, tenant: tenant.slug)
        let tokens = try person.login()
        let deletion = try delete(suite, tenant.id)
        #expect(deletion.status == 202)
        #expect(deletion.body.contains(#""state":"deleting""#))
        let days = try suite.sql(
            "select round(extract(epoch from delete_after - now()) / 86400) from tenants where id = '\(tenant.id)'")
        #expect(days == "30")
        try await eventually { try suite.me(tokens.access, tenant: tenant.slug).status == 404 }
        #expect(try person.attempt().status == 404)
        #expect(try suite.refresh(tokens.refresh, tenant: tenant.slug).status == 404)

        #expect(try change(suite, tenant.id, #""name":"Still""#).status == 200)
        #expect(try person.attempt().status == 404)
        let back = try change(suite, tenant.id, #""state":"active""#)
        #expect(back.status == 200)
        #expect(back.body.contains(#""delete_after":null"#))
        try await eventually { try suite.refresh(tokens.refresh, tenant: tenant.slug).status == 200 }
        let actions = try suite.sql(
            "select string_agg(action, ' ' order by created_at) from audit_log where tenant_id = '\(tenant.id)' "
                + "and action like 'tenant.%'")
        #expect(actions == "tenant.made tenant.deletion_scheduled tenant.changed tenant.deletion_taken_back")
    }

    @Test("when its time is over a tenant is gone with all it had, other tenants keep theirs")
    func gone() async throws {
        let suite = try SharedSuite.get()
        let (doomed, other) = (try await suite.tenant(), try await suite.tenant())
        for _ in 0..<3 { _ = try Person(suite, tenant: doomed.slug).login() }
        let access = try Person(suite, tenant: doomed.slug).login().access
        let organization = try suite.makeOrganization(access, tenant: doomed.slug)
        for (what, body) in [
            ("roles", #"{"name":"librarian","permissions":[]}"#),
            ("invitations", #"{"email":"ada@example.com","role":"librarian"}"#),
        ] {
            let path = "/api/v1/organizations/\(organization)/\(what)"
            #expect(try suite.post(path, body, tenant: doomed.slug, bearer: access).status == 201)
        }
        let kept = try Person(suite, tenant: other.slug)
        let tokens = try kept.login()
        #expect(try delete(suite, doomed.id, grace: 0).status == 202)
        try await eventually { try suite.sql("select count(*) from tenants where id = '\(doomed.id)'") == "0" }
        let tables = try suite.sql(
            """
            select string_agg(c.table_name, ' ') from information_schema.columns c
            join information_schema.tables t using (table_schema, table_name)
            where c.column_name = 'tenant_id' and t.table_type = 'BASE TABLE' and c.table_schema = 'public'
            """
        ).split(separator: " ")
        #expect(tables.count > 10)
        for table in tables where !table.hasPrefix("audit_") && !table.hasPrefix("events") {
            #expect(try suite.sql("select count(*) from \(table) where tenant_id = '\(doomed.id)'") == "0", "\(table)")
        }
        #expect(
            try suite.sql(
                "select count(*) from audit_log where action = 'tenant.deleted' and target_id = '\(doomed.id)'") == "1")
        #expect(try suite.refresh(tokens.refresh, tenant: other.slug).status == 200)
        #expect(try delete(suite, doomed.id).status == 404)
        #expect(try make(suite, doomed.slug, #""hosts":[]"#).status == 201)
    }

    @Test("it goes in pieces, the larger tables before what they refer to; once begun, it can't be taken back")
    func pieces() async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant()
        for _ in 0..<4 { _ = try Person(suite, tenant: tenant.slug) }
        let piece = "select removed, finished from delete_tenants(3);"
        let pieces = try suite.sql(
            """
            begin;
            update mail_outbox set sent_at = now() where tenant_id = '\(tenant.id)';
            update tenants set state = 'deleting', delete_after = '1970-01-01' where id = '\(tenant.id)';
            \(String(repeating: piece, count: 5))
            rollback;
            """)
        let lines = pieces.split(separator: "\n").filter { $0.contains("|") }
        #expect(lines == ["3|", "1|", "3|", "1|", "1|\(tenant.id)"])
        #expect(try delete(suite, tenant.id, grace: 0).status == 202)
        let late = try change(suite, tenant.id, #""state":"active""#)
        #expect(late.status == 409 || late.status == 404, "it may be gone already")
        try await eventually { try change(suite, tenant.id, #""state":"active""#).status == 404 }
    }

    @Test("the default tenant stays")
    func defaultTenant() throws {
        let suite = try SharedSuite.get()
        let refused = try delete(suite, "00000000-0000-7000-8000-000000000001", grace: 0)
        #expect(refused.status == 409)
        #expect(refused.body.contains("default_tenant"))
    }
}
