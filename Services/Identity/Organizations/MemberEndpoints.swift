import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// A member as others of the organization see them.
struct MemberView: ResponseContent {
    var user: UUID
    var username: String?
    var displayName: String?
    /// Only for those who look after members.
    var email: String?
    var role: OrganizationRole
    var joinedAt: Date

    static let example = MemberView(
        user: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071), username: "ada",
        displayName: "Ada Lovelace", email: "ada@example.com", role: .admin,
        joinedAt: Date(timeIntervalSince1970: 1_767_225_600))

    func write(to fields: inout some FieldSink) {
        fields.field("user_id", user)
        fields.field("username", username)
        fields.field("display_name", displayName)
        fields.field("email", email)
        fields.field("role", role.name)
        fields.field("joined_at", joinedAt)
    }
}

extension MemberView {
    /// Reads a row of `MemberStatements.list` or `.one`, for somebody of that role.
    init(_ row: PostgresRow, for reader: OrganizationRole) throws(PostgresError) {
        user = try row.decode(0)
        username = try row.decode(1)
        displayName = try row.decode(2)
        email = reader.holds(OrganizationPermission.members) ? try row.decode(3) : nil
        joinedAt = try row.decode(4)
        role = try OrganizationRole(row, at: 5)
    }
}

/// A page of members.
struct MemberPage: ResponseContent {
    let members: [MemberView]
    /// Brings the next page, when there is one.
    let next: String?

    static let example = MemberPage(members: [.example], next: nil)

    func write(to fields: inout some FieldSink) {
        fields.field("members", members)
        fields.field("next_cursor", next)
    }
}

/// The role a member is to have from now on.
struct MemberRole: RequestContent {
    let role: String

    init(from fields: inout FieldReader) {
        role = fields.required("role", .line(1...63))
    }
}

/// Whom an organization is given to.
struct NewOwner: RequestContent {
    let user: UUID

    init(from fields: inout FieldReader) {
        user = fields.required("user", .id)
    }
}

/// The members of an organization, what they are, and their going.
struct MemberEndpoints {
    let postgres: PostgresClient
    let changes: OrganizationChanger

    var endpoints: [Operation] {
        let this = self
        let change: @Sendable (Call, MemberRole) async throws -> MemberView = { call, input in
            try await this.change(call, input)
        }
        func changing(_ method: HTTPRequest.Method, _ id: String) -> Operation {
            Route(
                method, "/api/v1/organizations/{id}/members/{user}", id: id, tag: "organizations",
                summary: "Give a member another role (members:write, for those below you); cuts their tokens off",
                access: .bearer
            )
            .problem(.forbidden, "forbidden")
            .problem(.notFound, "not_found")
            .problem(.conflict, "last_owner")
            .handle(MemberRole.self, change)
        }
        return [
            Route(
                .get, "/api/v1/organizations/{id}/members", id: "listOrganizationMembers", tag: "organizations",
                summary: "The members; e-mail addresses only for those who look after them", access: .bearer
            )
            .problem(.notFound, "not_found")
            .handle(query: PageQuery.self) { call, query in try await this.list(call, query) },
            changing(.put, "setOrganizationMember"),
            changing(.patch, "changeOrganizationMember"),
            Route(
                .delete, "/api/v1/organizations/{id}/members/{user}", id: "removeOrganizationMember",
                tag: "organizations", summary: "Remove a member (members:write, for those below you), or leave",
                access: .bearer
            )
            .problem(.forbidden, "forbidden")
            .problem(.notFound, "not_found")
            .problem(.conflict, "last_owner")
            .perform { call in try await this.remove(call) },
            Route(
                .post, "/api/v1/organizations/{id}/transfer-ownership", id: "transferOrganization",
                tag: "organizations", summary: "Make a member the owner in your place (owners); you stay as an admin",
                access: .bearer
            )
            .problem(.forbidden, "forbidden")
            .problem(.notFound, "not_found")
            .problem(.conflict, "last_owner")
            .perform(NewOwner.self) { call, input in try await this.transfer(call, to: input.user) },
        ]
    }

    private func list(_ call: Call, _ query: PageQuery) async throws -> MemberPage {
        let (id, user) = (try call.id("id"), try call.person().user)
        let answers = try await postgres.pipeline(
            [
                PostgresStep(OrganizationStatements.role, [.uuid(id), .uuid(user)]),
                PostgresStep(MemberStatements.list, [.uuid(id)] + query.parameters),
            ], scope: .tenant(call.tenant))
        guard let standing = answers[0].first else { throw Problem.notFound }
        let reader = try OrganizationRole(standing, at: 0)
        let members = try answers[1].map { row throws(PostgresError) in try MemberView(row, for: reader) }
        let (page, next) = query.cut(members) { $0.user }
        return MemberPage(members: page, next: next)
    }

    private func change(_ call: Call, _ input: MemberRole) async throws -> MemberView {
        let user = try call.id("user")
        return try await changes.change(call, locking: { _, _ in [user] }) { transaction, standing in
            let id = standing.organization
            guard let present = try await transaction.organizationRole(of: user, in: id) else {
                throw Problem.notFound
            }
            let wanted = try await transaction.organizationRole(named: input.role, in: id)
            guard standing.role.mayReplace(present, by: wanted, ofSelf: user == standing.user) else {
                throw Problem.forbidden("Members and roles have to be below your own role.")
            }
            var events: [Int64] = []
            if wanted != present {
                if present == .owner { try await transaction.refuseIfLastOwner(user, of: id) }
                try await transaction.set(user, wanted, in: id)
                events = try await transaction.record(
                    id, cutting: [user], because: "organization_role_changed",
                    audit: call.audit(
                        "organization.member_role_changed", of: id,
                        ["user": user.text, "before": present.name, "after": wanted.name]))
            }
            let rows = try await transaction.query(MemberStatements.one, [.uuid(id), .uuid(user)])
            guard let row = rows.first else { throw Problem.notFound }
            let reader = user == standing.user ? wanted : standing.role
            return OrganizationChange(answer: try MemberView(row, for: reader), events: events)
        }
    }

    private func remove(_ call: Call) async throws {
        let user = try call.id("user")
        try await changes.change(call, locking: { _, _ in [user] }) { transaction, standing in
            let (id, isSelf) = (standing.organization, user == standing.user)
            guard let present = try await transaction.organizationRole(of: user, in: id) else {
                throw Problem.notFound
            }
            guard standing.role.mayRemove(present, ofSelf: isSelf) else {
                throw Problem.forbidden("Members have to be below your own role.")
            }
            if present == .owner { try await transaction.refuseIfLastOwner(user, of: id) }
            _ = try await transaction.query(MemberStatements.delete, [.uuid(id), .uuid(user)])
            let events = try await transaction.record(
                id, cutting: [user], because: "organization_left",
                audit: call.audit(
                    isSelf ? "organization.member_left" : "organization.member_removed", of: id,
                    ["user": user.text, "role": present.name]))
            return OrganizationChange(answer: (), events: events)
        }
    }

    private func transfer(_ call: Call, to user: UUID) async throws {
        let caller = try call.person().user
        try await changes.change(call, locking: { _, _ in [caller, user] }) { transaction, standing in
            let id = standing.organization
            guard standing.role == .owner else { throw Problem.forbidden }
            guard user != caller, try await transaction.organizationRole(of: user, in: id) != nil else {
                throw Problem.validation([
                    .init(field: "user", code: "unknown_member", detail: "must be another member of the organization")
                ])
            }
            try await transaction.set(user, .owner, in: id)
            try await transaction.set(caller, .admin, in: id)
            // Somebody has to be left who can sign in.
            try await transaction.refuseIfLastOwner(caller, of: id)
            let events = try await transaction.record(
                id, cutting: [caller, user], because: "organization_role_changed",
                audit: call.audit("organization.ownership_transferred", of: id, ["user": user.text]))
            return OrganizationChange(answer: (), events: events)
        }
    }
}

extension PostgresTransaction {
    /// Gives a member a role.
    fileprivate func set(
        _ user: UUID, _ role: OrganizationRole, in organization: UUID
    ) async throws {
        _ = try await query(
            MemberStatements.update,
            [.uuid(organization), .uuid(user), .text(role.base), .optional(role.customID)])
    }
}
