import GatehouseTesting
import Kit
import Testing

/// A tenant with one of everything, and what routes need to name each.
struct Furnished {
    let suite: RunningSuite
    let slug: String
    let id: String
    /// An access token that may do everything inside the tenant.
    let administrator: String
    let person: Person
    let session: String
    let role: (name: String, id: String)
    let permission: String
    let client: String
    let clientID: String
    let clientSecret: String
    let organization: String
    let organizationRole: String
    let invitation: String
    /// A row of its audit log.
    let auditRow: String
    /// An import of users.
    let importID: String
    /// What was mailed with it.
    let invitationToken: String

    init(_ suite: RunningSuite) async throws {
        self.suite = suite
        let slug = uniqueName("t")
        let made = try suite.post(
            "/api/v1/admin/tenants",
            #"{"slug":"\#(slug)","name":"\#(slug)","administrator":{"username":"boss","password":"correct horse 7"}}"#,
            bearer: suite.superuser())
        id = try #require(JSONParser.parse(made.body.utf8)["id"]?.string, "\(made.body)")
        var login: PlainHTTP.Answer?
        try await eventually {
            login = try suite.post(
                "/api/v1/auth/login", #"{"username":"boss","password":"correct horse 7"}"#, tenant: slug)
            return login?.status == 200
        }
        let administrator = try Tokens(#require(login).body).access
        try await eventually {
            try suite.send("GET", "/api/v1/admin/keys", tenant: slug, bearer: administrator).status == 200
        }
        func make(_ path: String, _ body: String) throws -> JSONValue {
            let answer = try suite.post(path, body, tenant: slug, bearer: administrator)
            guard answer.status == 201 else { throw ChildProcess.Failure("\(path): \(answer.status) \(answer.body)") }
            return try JSONParser.parse(answer.body.utf8)
        }
        person = try Person(suite, tenant: slug)
        let tokens = try person.login()
        session = tokens.session
        func found(_ path: String, _ body: String) throws -> String {
            let answer = try suite.post(path, body, tenant: slug, bearer: tokens.access)
            let json = try JSONParser.parse(answer.body.utf8)
            return try #require(json["id"]?.string, "\(path): \(answer.status) \(answer.body)")
        }
        organization = try suite.makeOrganization(tokens.access, tenant: slug)
        let below = "/api/v1/organizations/\(organization)"
        organizationRole = try found(below + "/roles", #"{"name":"reader","permissions":["papers:read"]}"#)
        let mail = "\(uniqueName())@example.com"
        invitation = try found(below + "/invitations", #"{"email":"\#(mail)","role":"member"}"#)
        invitationToken = try await suite.mailedToken(to: mail, about: "you are invited")
        permission = "orders:\(uniqueName("a").prefix(20))"
        _ = try make("/api/v1/admin/permissions", #"{"name":"\#(permission)"}"#)
        let name = uniqueName("r")
        let role = try make("/api/v1/admin/roles", #"{"name":"\#(name)","permissions":["\#(permission)"]}"#)
        self.role = (name, try #require(role["id"]?.string))
        let client = try make(
            "/api/v1/admin/clients", #"{"name":"Billing","grant_types":["client_credentials"]}"#)
        self.client = try #require(client["id"]?.string)
        clientID = try #require(client["client_id"]?.string)
        clientSecret = try #require(client["client_secret"]?.string)
        let log = try suite.send("GET", "/api/v1/admin/audit?limit=1", tenant: slug, bearer: administrator)
        guard case .array(let rows)? = try JSONParser.parse(log.body.utf8)["entries"] else {
            throw ChildProcess.Failure("audit: \(log.status) \(log.body)")
        }
        auditRow = try #require(rows.first?["id"]?.string)
        let imported = try suite.gateway.send(
            "POST", "/t/\(slug)/api/v1/admin/users/import", headers: ["Authorization: Bearer \(administrator)"],
            body: #"{"username":"\#(uniqueName())"}"#, type: "application/x-ndjson")
        importID = try #require(JSONParser.parse(imported.body.utf8)["id"]?.string, "\(imported.body)")
        let tenant = id
        // Whoever compares the tenant's state is to find no mail still on its way.
        try await eventually {
            try suite.sql("select count(*) from mail_outbox where tenant_id = '\(tenant)' and sent_at is null") == "0"
        }
        (self.slug, self.administrator) = (slug, administrator)
    }

    /// What nobody outside may ever be shown.
    var secrets: [String] {
        [
            person.id, person.name, session, role.id, role.name, client, clientID, organization, organizationRole,
            invitation, auditRow, importID,
        ]
    }

    /// A route's path with this tenant's things in it; nil when one is not known.
    func path(of route: DocumentedRoute) -> String? {
        var segments = route.path.split(separator: "/").map(String.init)
        for (index, segment) in segments.enumerated() where segment.hasPrefix("{") {
            let thing: String? =
                switch (segments[index - 1], segment) {
                case ("users", _), (_, "{user}"): person.id
                case ("sessions", _): session
                case ("roles", "{id}"): role.id
                case ("roles", "{role}"): organizationRole
                case ("permissions", _): permission
                case ("clients", _): client
                case ("tenants", _): id
                case ("organizations", _): organization
                case ("invitations", _): invitation
                case ("mail-texts", _): "verify_email"
                case ("audit", _): auditRow
                case ("imports", _): importID
                default: nil
                }
            guard let thing else { return nil }
            segments[index] = thing
        }
        return "/" + segments.joined(separator: "/")
    }

    /// Every row of every table that is the tenant's, as one value each. Seals of its audit log come by themselves.
    func state() throws -> String {
        try suite.sql(
            """
            select c.oid::regclass, (xpath('/row/d/text()', query_to_xml(
                format(
                    'select md5(coalesce(string_agg(t::text, chr(10) order by t::text), '''')) as d from %s t '
                    'where tenant_id = %L', c.oid::regclass, '\(id)'), false, true, '')))[1]::text
            from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
            where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and not a.attisdropped
                and c.relname <> 'audit_seal_parts'
            order by 1
            """)
    }
}
