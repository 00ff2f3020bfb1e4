import Domain
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import Postgres

/// A role that an organization made.
struct CustomRoleView: ResponseContent {
    var id: UUID
    var name: String
    var permissions: [String]
    var description: String
    var createdAt: Date
    var updatedAt: Date

    static let example = CustomRoleView(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6091), name: "librarian",
        permissions: ["documents:write", "invitations:write"], description: "Looks after the documents",
        createdAt: Date(timeIntervalSince1970: 1_767_225_600), updatedAt: Date(timeIntervalSince1970: 1_767_225_600))

    /// The role, as something to be held.
    var role: OrganizationRole { .custom(id: id, name: name, permissions: Set(permissions)) }

    func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("name", name)
        fields.field("permissions", permissions)
        fields.field("description", description)
        fields.field("created_at", createdAt)
        fields.field("updated_at", updatedAt)
    }
}

extension CustomRoleView {
    /// Reads a row of `CustomRoleStatements.list` or `.one`.
    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode(0)
        name = try row.decode(1)
        permissions = try row.decode(2)
        description = try row.decode(3)
        createdAt = try row.decode(4)
        updatedAt = try row.decode(5)
    }
}

/// A page of roles.
struct CustomRolePage: ResponseContent {
    let roles: [CustomRoleView]
    /// Brings the next page, when there is one.
    let next: String?

    static let example = CustomRolePage(roles: [.example], next: nil)

    func write(to fields: inout some FieldSink) {
        fields.field("roles", roles)
        fields.field("next_cursor", next)
    }
}

/// The body of a new role.
struct NewCustomRole: RequestContent {
    let name: String
    let description: String
    let permissions: [String]

    init(from fields: inout FieldReader) {
        name = fields.required("name", .roleName)
        description = fields.optional("description", .line(0...200)) ?? ""
        permissions = fields.required("permissions", .permissions)
    }
}

/// What is to be changed of a role.
struct CustomRoleChange: RequestContent {
    let name: String?
    let description: String?
    let permissions: [String]?

    init(from fields: inout FieldReader) {
        name = fields.optional("name", .roleName)
        description = fields.optional("description", .line(0...200))
        permissions = fields.optional("permissions", .permissions)
    }
}

/// The roles that an organization makes for itself.
struct CustomRoleEndpoints {
    let postgres: PostgresClient
    let changes: OrganizationChanger

    /// The most roles of an organization.
    private static let limit: Int64 = 100

    var endpoints: [Operation] {
        let this = self
        let (all, one) = ("/api/v1/organizations/{id}/roles", "/api/v1/organizations/{id}/roles/{role}")
        return [
            Route(
                .get, all, id: "listOrganizationRoles", tag: "organizations",
                summary: "The roles that the organization made, beside owner, admin and member", access: .bearer
            )
            .problem(.notFound, "not_found")
            .handle(query: PageQuery.self) { call, query in try await this.list(call, query) },
            Route(
                .post, all, id: "createOrganizationRole", tag: "organizations",
                summary: "Make a role of permissions that you have (roles:write)", access: .bearer
            )
            .problem(.forbidden, "forbidden")
            .problem(.notFound, "not_found")
            .problem(.conflict, "role_taken or role_limit")
            .idempotent()
            .respond(NewCustomRole.self, answer: CustomRoleView.self, status: .created) { call, input in
                try await this.create(call, input)
            },
            Route(
                .get, one, id: "readOrganizationRole", tag: "organizations", summary: "A role", access: .bearer
            )
            .problem(.notFound, "not_found")
            .conditional()
            .handle { call in try await this.read(call) },
            Route(
                .patch, one, id: "changeOrganizationRole", tag: "organizations",
                summary: "Change a role below your own (roles:write); cuts the tokens of its holders off",
                access: .bearer
            )
            .problem(.forbidden, "forbidden")
            .problem(.notFound, "not_found")
            .problem(.conflict, "role_taken")
            .conditional()
            .handle(CustomRoleChange.self) { call, input in try await this.change(call, input) },
            Route(
                .delete, one, id: "deleteOrganizationRole", tag: "organizations",
                summary: "Remove a role below your own that nobody holds or is invited to (roles:write)",
                access: .bearer
            )
            .problem(.forbidden, "forbidden")
            .problem(.notFound, "not_found")
            .problem(.conflict, "role_in_use")
            .conditional()
            .perform { call in try await this.delete(call) },
        ]
    }

    /// Runs a statement for somebody who belongs to the organization.
    private func rows(_ call: Call, _ step: PostgresStep) async throws -> PostgresRows {
        let answers = try await postgres.pipeline(
            [
                PostgresStep(OrganizationStatements.role, [.uuid(call.id("id")), .uuid(call.person().user)]), step,
            ], scope: .tenant(call.tenant))
        guard !answers[0].isEmpty else { throw Problem.notFound }
        return answers[1]
    }

    private func list(_ call: Call, _ query: PageQuery) async throws -> CustomRolePage {
        let step = PostgresStep(CustomRoleStatements.list, [.uuid(try call.id("id"))] + query.parameters)
        let roles = try await rows(call, step).map { row throws(PostgresError) in try CustomRoleView(row) }
        let (page, next) = query.cut(roles) { $0.id }
        return CustomRolePage(roles: page, next: next)
    }

    private func read(_ call: Call) async throws -> CustomRoleView {
        let step = PostgresStep(CustomRoleStatements.one, [.uuid(try call.id("id")), .uuid(try call.id("role"))])
        guard let row = try await rows(call, step).first else { throw Problem.notFound }
        return try CustomRoleView(row)
    }

    private func create(_ call: Call, _ input: NewCustomRole) async throws -> Response {
        try await Self.naming {
            try await changes.create(call) { transaction, standing in
                let (organization, id) = (standing.organization, UUID.v7())
                try standing.requireShaping(
                    .custom(id: id, name: input.name, permissions: Set(input.permissions)))
                let counted = try await transaction.query(CustomRoleStatements.count, [.uuid(organization)])
                if let row = counted.first, try row.decode(0, as: Int64.self) >= Self.limit {
                    throw Problem.conflict("role_limit", "An organization has at most \(Self.limit) roles of its own")
                }
                _ = try await transaction.query(
                    CustomRoleStatements.insert,
                    [
                        .uuid(organization), .uuid(id), .text(input.name), .text(input.description),
                        .textArray(input.permissions),
                    ])
                let events = try await transaction.record(
                    organization,
                    audit: call.audit(
                        "organization.role_created", of: organization,
                        ["role": input.name, "permissions": input.permissions.joined(separator: " ")]))
                let role = try await transaction.customRole(id, of: organization)
                return OrganizationChange(answer: role, events: events)
            }
        }
    }

    private func change(_ call: Call, _ input: CustomRoleChange) async throws -> CustomRoleView {
        let id = try call.id("role")
        return try await Self.naming {
            try await changes.change(
                call,
                locking: { transaction, organization in try await transaction.holders(of: id, in: organization) },
                { transaction, standing in
                    let organization = standing.organization
                    let before = try await transaction.customRole(id, of: organization)
                    var after = before
                    after.name = input.name ?? before.name
                    after.description = input.description ?? before.description
                    after.permissions = input.permissions ?? before.permissions
                    try standing.requireShaping(before.role)
                    try standing.requireShaping(after.role)
                    try call.requireMatch(before)
                    _ = try await transaction.query(
                        CustomRoleStatements.update,
                        [
                            .uuid(organization), .uuid(id), .text(after.name), .text(after.description),
                            .textArray(after.permissions),
                        ])
                    // Tokens say the role's name and its permissions.
                    let isFelt = before.name != after.name || before.permissions != after.permissions
                    let holders = isFelt ? try await transaction.holders(of: id, in: organization) : []
                    let events = try await transaction.record(
                        organization, cutting: holders, because: "organization_role_changed",
                        audit: call.audit(
                            "organization.role_changed", of: organization,
                            [
                                "role": before.name, "name": after.name,
                                "before": before.permissions.joined(separator: " "),
                                "after": after.permissions.joined(separator: " "),
                            ]))
                    let role = try await transaction.customRole(id, of: organization)
                    return OrganizationChange(answer: role, events: events)
                })
        }
    }

    private func delete(_ call: Call) async throws {
        let id = try call.id("role")
        try await Self.naming {
            try await changes.change(call) { transaction, standing in
                let organization = standing.organization
                let role = try await transaction.customRole(id, of: organization)
                try standing.requireShaping(role.role)
                try call.requireMatch(role)
                // Invitations that nobody can accept any more hold no role.
                _ = try await transaction.query(InvitationStatements.deleteExpired, [.uuid(organization)])
                _ = try await transaction.query(CustomRoleStatements.delete, [.uuid(organization), .uuid(id)])
                let events = try await transaction.record(
                    organization, audit: call.audit("organization.role_deleted", of: organization, ["role": role.name]))
                return OrganizationChange(answer: (), events: events)
            }
        }
    }

    /// Says what the database has refused.
    private static func naming<Answer>(_ work: () async throws -> Answer) async throws -> Answer {
        do {
            return try await work()
        } catch let error as PostgresError {
            guard case .server(let failure) = error else { throw error }
            switch failure.kind {
            case .uniqueViolation:
                throw Problem.conflict(
                    "role_taken", "The organization has a role of this name",
                    errors: [.init(field: "name", code: "taken", detail: "is another role's")])
            case .foreignKeyViolation:
                throw Problem.conflict("role_in_use", "Somebody holds this role or is invited to it")
            default: throw error
            }
        }
    }
}

extension OrganizationStanding {
    /// - Throws: 403 when a role is none that the caller may make, change or remove.
    fileprivate func requireShaping(_ role: OrganizationRole) throws(Problem) {
        guard self.role.mayShape(role) else {
            throw Problem.forbidden("A role has to have less than your own.")
        }
    }
}

extension PostgresTransaction {
    /// A role that the organization made.
    /// - Throws: `Problem.notFound`.
    fileprivate func customRole(
        _ id: UUID, of organization: UUID
    ) async throws -> CustomRoleView {
        let rows = try await query(CustomRoleStatements.one, [.uuid(organization), .uuid(id)])
        guard let row = rows.first else { throw Problem.notFound }
        return try CustomRoleView(row)
    }

    /// Those who hold it.
    fileprivate func holders(of role: UUID, in organization: UUID) async throws -> [UUID] {
        try await query(MemberStatements.holders, [.uuid(organization), .uuid(role)])
            .map { row throws(PostgresError) in try row.decode(0) }
    }
}
