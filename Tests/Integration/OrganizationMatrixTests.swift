import GatehouseTesting
import Kit
import Testing

/// Every route of organizations by everybody. Which routes there are is read from the document, so that none is left out.
@Suite("Who may do what in an organization, route by route", .serialized, .timeLimit(.minutes(5)))
struct OrganizationMatrixTests {
    private typealias Cast = OrganizationCast

    /// A request to a route, and what becomes of it by who sends it: owner, admin, helper, member, and last whoever does
    /// not belong to the organization.
    struct Row: Sendable, CustomTestStringConvertible {
        let route: String
        /// What the path names beside the organization. Names in angle brackets stand for ids.
        let target: String
        let body: String?
        let statuses: [Int]

        init(_ route: String, _ target: String, _ body: String?, _ statuses: Int...) {
            (self.route, self.target, self.body, self.statuses) = (route, target, body, statuses)
        }

        var testDescription: String { "\(route) \(target) \(body ?? "")" }
    }

    private static let belonging: [OrganizationCast.Role] = [.owner, .admin, .helper, .member]

    static let rows = [
        Row("createOrganization", "", #"{"slug":"<slug>","name":"Some"}"#, 201, 201, 201, 201, 201),
        Row("listOwnOrganizations", "", nil, 200, 200, 200, 200, 200),
        Row("readOrganization", "", nil, 200, 200, 200, 200, 404),
        Row("changeOrganization", "", #"{"name":"Other"}"#, 200, 200, 403, 403, 404),
        Row("deleteOrganization", "", nil, 204, 403, 403, 403, 404),

        Row("listOrganizationMembers", "", nil, 200, 200, 200, 200, 404),
        Row("setOrganizationMember", "<member>", #"{"role":"lesser"}"#, 200, 200, 200, 403, 404),
        Row("setOrganizationMember", "<member>", #"{"role":"helper"}"#, 200, 200, 403, 403, 404),
        Row("setOrganizationMember", "<member>", #"{"role":"admin"}"#, 200, 403, 403, 403, 404),
        Row("changeOrganizationMember", "<member>", #"{"role":"admin"}"#, 200, 403, 403, 403, 404),
        Row("setOrganizationMember", "<member>", #"{"role":"owner"}"#, 200, 403, 403, 403, 404),
        Row("setOrganizationMember", "<member>", #"{"role":"nothing"}"#, 422, 422, 422, 422, 404),
        Row("setOrganizationMember", "<lesser>", #"{"role":"member"}"#, 200, 200, 200, 403, 404),
        Row("changeOrganizationMember", "<lesser>", #"{"role":"member"}"#, 200, 200, 200, 403, 404),
        Row("setOrganizationMember", "<helper>", #"{"role":"member"}"#, 200, 200, 200, 403, 404),
        Row("setOrganizationMember", "<secondAdmin>", #"{"role":"member"}"#, 200, 403, 403, 403, 404),
        Row("setOrganizationMember", "<secondOwner>", #"{"role":"member"}"#, 200, 403, 403, 403, 404),
        Row("setOrganizationMember", "<outsider>", #"{"role":"member"}"#, 404, 404, 404, 404, 404),
        Row("setOrganizationMember", "<foreigner>", #"{"role":"member"}"#, 404, 404, 404, 404, 404),
        Row("removeOrganizationMember", "<lesser>", nil, 204, 204, 204, 403, 404),
        Row("removeOrganizationMember", "<secondAdmin>", nil, 204, 403, 403, 403, 404),
        Row("removeOrganizationMember", "<secondOwner>", nil, 204, 403, 403, 403, 404),
        Row("removeOrganizationMember", "<outsider>", nil, 404, 404, 404, 404, 404),
        Row("removeOrganizationMember", "<self>", nil, 204, 204, 204, 204, 404),
        Row("setOrganizationMember", "<self>", #"{"role":"member"}"#, 200, 200, 200, 403, 404),
        Row("setOrganizationMember", "<self>", #"{"role":"owner"}"#, 200, 403, 403, 403, 404),

        Row("transferOrganization", "", #"{"user":"<member>"}"#, 204, 403, 403, 403, 404),
        Row("transferOrganization", "", #"{"user":"<outsider>"}"#, 422, 403, 403, 403, 404),
        Row("transferOrganization", "", #"{"user":"<self>"}"#, 422, 403, 403, 403, 404),

        Row("inviteToOrganization", "", #"{"email":"<new>","role":"member"}"#, 201, 201, 201, 403, 404),
        Row("inviteToOrganization", "", #"{"email":"<new>","role":"lesser"}"#, 201, 201, 201, 403, 404),
        Row("inviteToOrganization", "", #"{"email":"<new>","role":"helper"}"#, 201, 201, 403, 403, 404),
        Row("inviteToOrganization", "", #"{"email":"<new>","role":"admin"}"#, 201, 403, 403, 403, 404),
        Row("inviteToOrganization", "", #"{"email":"<new>","role":"owner"}"#, 201, 403, 403, 403, 404),
        Row("inviteToOrganization", "", #"{"email":"<high>","role":"member"}"#, 201, 403, 403, 403, 404),
        Row("inviteToOrganization", "", #"{"email":"<low>","role":"member"}"#, 201, 201, 201, 403, 404),
        Row("listOrganizationInvitations", "", nil, 200, 200, 200, 403, 404),
        Row("withdrawOrganizationInvitation", "<lowInvitation>", nil, 204, 204, 204, 403, 404),
        Row("withdrawOrganizationInvitation", "<highInvitation>", nil, 204, 403, 403, 403, 404),
        Row("withdrawOrganizationInvitation", "<spare>", nil, 404, 404, 404, 403, 404),

        Row("listOrganizationRoles", "", nil, 200, 200, 200, 200, 404),
        Row("createOrganizationRole", "", #"{"name":"new","permissions":["a:b"]}"#, 201, 201, 403, 403, 404),
        Row("createOrganizationRole", "", #"{"name":"spare","permissions":["a:b"]}"#, 409, 409, 403, 403, 404),
        Row("createOrganizationRole", "", #"{"name":"admin","permissions":["a:b"]}"#, 422, 422, 422, 422, 422),
        Row("readOrganizationRole", "<lesserRole>", nil, 200, 200, 200, 200, 404),
        Row("changeOrganizationRole", "<lesserRole>", #"{"permissions":["a:b"]}"#, 200, 200, 403, 403, 404),
        Row("deleteOrganizationRole", "<lesserRole>", nil, 409, 409, 403, 403, 404),
        Row("deleteOrganizationRole", "<spare>", nil, 204, 204, 403, 403, 404),

        // Whether a token is good does not depend on what one is in an organization.
        Row("invitationPage", "", nil, 200, 200, 200, 200, 200),
        Row("acceptInvitation", "", #"{"token":"none"}"#, 400, 400, 400, 400, 400),
        Row("declineInvitation", "", #"{"token":"none"}"#, 400, 400, 400, 400, 400),
    ]

    private func routes(_ suite: RunningSuite) throws -> [String: DocumentedRoute] {
        let routes = try DocumentedRoute.all(of: suite, below: "/api/v1/organizations")
        return Dictionary(routes.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What stands for the names in angle brackets.
    private func values(_ cast: Cast, _ organization: Cast.Organization, oneself: String) -> [String: String] {
        var values = [
            "self": oneself, "new": "\(uniqueName())@example.com", "slug": uniqueName("o"),
            "low": "\(organization.lowInvitation)@example.com", "high": "\(organization.highInvitation)@example.com",
            "lowInvitation": organization.lowInvitation, "highInvitation": organization.highInvitation,
            "spare": organization.spare, "lesserRole": organization.lesser,
        ]
        for role in Cast.Role.allCases { values[role.rawValue] = cast.id(role) }
        return values
    }

    private func fill(_ text: String, _ values: [String: String]) -> String {
        text.split(separator: "<", omittingEmptySubsequences: false).enumerated().map { index, part in
            guard index > 0, let end = part.firstIndex(of: ">") else { return String(part) }
            return (values[String(part[..<end])] ?? "?") + part[end...].dropFirst()
        }.joined()
    }

    /// The route's path, with the organization for the first parameter and the row's target for the next.
    private func path(
        _ route: DocumentedRoute, _ row: Row, _ organization: Cast.Organization, _ values: [String: String]
    ) -> String {
        route.path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            segment == "{id}" ? organization.id : segment.hasPrefix("{") ? fill(row.target, values) : String(segment)
        }.joined(separator: "/")
    }

    @Test("every route of the document is in the table")
    func complete() throws {
        #expect(try Set(routes(SharedSuite.get()).keys) == Set(Self.rows.map(\.route)))
    }

    @Test("every route, by those who belong to the organization")
    func belonging() async throws {
        let suite = try SharedSuite.get()
        let (cast, routes) = (try await Cast(suite), try routes(suite))
        for row in Self.rows {
            let route = try #require(routes[row.route])
            for (caller, status) in zip(Self.belonging, row.statuses) {
                let organization = try cast.organization()
                let values = values(cast, organization, oneself: cast.id(caller))
                let answer = try cast.send(
                    caller, route.method, path(route, row, organization, values), row.body.map { fill($0, values) })
                #expect(answer.status == status, "\(row.testDescription) by \(caller): \(answer.body)")
            }
        }
    }

    /// Roles of the tenant give nothing in its organizations.
    @Test("every route, by everybody else, the tenant's administrators among them: nothing changes")
    func strangers() async throws {
        let suite = try SharedSuite.get()
        let (cast, routes) = (try await Cast(suite), try routes(suite))
        let organization = try cast.organization()
        let administrator = try Holder(suite, ["USER", "ADMIN"])
        let application = try JSONParser.parse(Client(suite).token("grant_type=client_credentials").body.utf8)
        let callers: [(name: String, id: String, tenant: String?, bearer: String?)] = [
            ("outsider", cast.id(.outsider), nil, try cast.session(.outsider).access),
            ("foreigner", cast.id(.foreigner), cast.foreignTenant, try cast.session(.foreigner).access),
            ("administrator", administrator.id, nil, try administrator.open().access),
            ("superuser", administrator.id, nil, try suite.superuser()),
            ("application", administrator.id, nil, application["access_token"]?.string),
            ("nobody", administrator.id, nil, nil),
        ]
        let before = try state(of: organization, suite)
        for row in Self.rows {
            let route = try #require(routes[row.route])
            for caller in callers {
                let values = values(cast, organization, oneself: caller.id)
                let answer = try suite.send(
                    route.method, path(route, row, organization, values), row.body.map { fill($0, values) },
                    tenant: caller.tenant, bearer: caller.bearer)
                var status = row.statuses[4]
                if route.needsToken, caller.name == "nobody" { status = 401 }
                // A body that can't be read is refused before anybody asks whether a person sent it.
                if route.needsToken, caller.name == "application", status != 422 { status = 403 }
                #expect(answer.status == status, "\(row.testDescription) by \(caller.name): \(answer.body)")
                if status == 404 { #expect(answer.body.contains(#""code":"not_found""#)) }
            }
        }
        #expect(try state(of: organization, suite) == before)
    }

    /// All that the database says of an organization.
    private func state(of organization: Cast.Organization, _ suite: RunningSuite) throws -> String {
        try ["organizations", "organization_members", "organization_roles", "organization_invitations"].map { table in
            let key = table == "organizations" ? "id" : "organization_id"
            return try suite.sql(
                "select string_agg(it::text, ';' order by it::text) from \(table) it where \(key) = '\(organization.id)'"
            )
        }.joined(separator: "\n")
    }
}
