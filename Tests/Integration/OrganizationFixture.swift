import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

/// People who belong to organizations, or don't; each organization is made anew, by SQL, because a test uses it up.
struct OrganizationCast {
    /// Whoever calls, or is meant.
    enum Role: String, CaseIterable, Sendable {
        case owner, secondOwner, admin, secondAdmin, helper, lesser, member, outsider
        /// Of another tenant.
        case foreigner
    }

    let suite: RunningSuite
    private let people: [Role: String]
    private let tenant: (slug: String, id: String)

    init(_ suite: RunningSuite) async throws {
        self.suite = suite
        tenant = try await suite.tenant()
        var people: [Role: String] = [:]
        for role in Role.allCases where role != .foreigner { people[role] = try Person(suite).id }
        people[.foreigner] = try Person(suite, tenant: tenant.slug).id
        self.people = people
    }

    /// The slug of the tenant that the foreigner is of.
    var foreignTenant: String { tenant.slug }

    func id(_ role: Role) -> String { people[role] ?? "" }

    /// A token of a new session, without the cost of a password.
    func session(_ role: Role) throws -> Tokens {
        try suite.session(of: id(role), tenant: role == .foreigner ? tenant.id : nil)
    }

    /// Sends a request as one of them, a foreigner within their own tenant.
    func send(_ role: Role, _ method: String, _ path: String, _ body: String? = nil) throws -> PlainHTTP.Answer {
        try suite.send(
            method, path, body, tenant: role == .foreigner ? tenant.slug : nil, bearer: session(role).access)
    }

    /// An organization to which everybody belongs but the outsider and the foreigner. It has the roles `helper`
    /// (invitations:write, members:write), `lesser` (invitations:write) and `spare` (documents:read), which nobody holds.
    struct Organization {
        let id = UUID().uuidString.lowercased()
        let helper = UUID().uuidString.lowercased()
        let lesser = UUID().uuidString.lowercased()
        let spare = UUID().uuidString.lowercased()
        /// Invitations to be `lesser` and to be an admin.
        let lowInvitation = UUID().uuidString.lowercased()
        let highInvitation = UUID().uuidString.lowercased()
    }

    func organization() throws -> Organization {
        let it = Organization()
        let members = people.filter { $0.key != .outsider && $0.key != .foreigner }.map { role, user in
            let (base, custom): (String, String) =
                switch role {
                case .owner, .secondOwner: ("owner", "null")
                case .admin, .secondAdmin: ("admin", "null")
                case .helper: ("member", "'\(it.helper)'")
                case .lesser: ("member", "'\(it.lesser)'")
                default: ("member", "null")
                }
            return "('\(RunningSuite.tenant)', '\(it.id)', '\(user)', '\(base)', \(custom))"
        }.joined(separator: ", ")
        let roles = [
            (it.helper, "helper", "{invitations:write,members:write}"), (it.lesser, "lesser", "{invitations:write}"),
            (it.spare, "spare", "{documents:read}"),
        ].map { "('\(RunningSuite.tenant)', '\(it.id)', '\($0)', '\($1)', '\($2)')" }.joined(separator: ", ")
        let invitations = [
            (it.lowInvitation, "member", "'\(it.lesser)'"), (it.highInvitation, "admin", "null"),
        ].map {
            "('\(RunningSuite.tenant)', '\(it.id)', '\($0)', '\($0)@example.com', '\($1)', \($2), '\(id(.owner))', "
                + "now() + interval '1 day')"
        }.joined(separator: ", ")
        try suite.sql(
            """
            insert into organizations (tenant_id, id, slug, name)
                values ('\(RunningSuite.tenant)', '\(it.id)', '\(uniqueName("o"))', 'Some organization');
            insert into organization_roles (tenant_id, organization_id, id, name, permissions) values \(roles);
            insert into organization_members (tenant_id, organization_id, user_id, role, role_id) values \(members);
            insert into organization_invitations
                (tenant_id, organization_id, id, email, role, role_id, invited_by, expires_at) values \(invitations)
            """)
        return it
    }
}

extension RunningSuite {
    /// The default tenant.
    static let tenant = "00000000-0000-7000-8000-000000000001"

    /// Makes an organization; returns its id.
    func makeOrganization(_ access: String, tenant: String? = nil) throws -> String {
        let answer = try post(
            "/api/v1/organizations", #"{"slug":"\#(uniqueName("o"))","name":"Engines"}"#, tenant: tenant,
            bearer: access)
        guard answer.status == 201 else { throw ChildProcess.Failure("made: \(answer.status) \(answer.body)") }
        return try #require(JSONParser.parse(answer.body.utf8)["id"]?.string)
    }

    /// Makes somebody a member, by SQL.
    func add(_ user: String, to organization: String, _ role: String = "member") throws {
        try sql(
            "insert into organization_members (tenant_id, organization_id, user_id, role) "
                + "values ('\(Self.tenant)', '\(organization)', '\(user)', '\(role)')")
    }

    /// Opens a session as identity would, without the cost of a password.
    func session(of user: String, tenant: String? = nil, key: String? = nil) throws -> Tokens {
        let answer = try PlainHTTP(port: ports["PORT_TOKEN"] ?? 0).send(
            "POST", "/internal/sessions",
            headers: [
                "X-Gatehouse-Key: \(try key ?? secret("internal_key"))",
                "X-Gatehouse-Tenant: \(tenant ?? Self.tenant)",
            ], body: #"{"user":"\#(user)","client":"gatehouse","amr":["pwd"]}"#)
        guard answer.status == 200 else { throw ChildProcess.Failure("session: \(answer.status) \(answer.body)") }
        return try Tokens(answer.body)
    }

    /// Refreshes and chooses an organization, which is JSON text or a literal.
    func refresh(_ token: String, organization: String) throws -> PlainHTTP.Answer {
        try post("/api/v1/auth/refresh", #"{"refresh_token":"\#(token)","organization":"\#(organization)"}"#)
    }
}

extension Tokens {
    /// What the access token says.
    var claims: JSONValue {
        get throws {
            var payload = access.split(separator: ".")[1].map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
            while payload.count % 4 != 0 { payload.append("=") }
            return try JSONParser.parse(try #require(Data(base64Encoded: String(payload))))
        }
    }
}
