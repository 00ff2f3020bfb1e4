import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// The roles a user is to have from now on.
struct UserRoles: RequestContent {
    let roles: [String]
    let revokesTokens: Bool

    init(from fields: inout FieldReader) {
        roles = fields.required("roles", Self.names)
        revokesTokens = fields.optional("revoke_tokens", .flag) ?? true
    }

    static let names = FieldType<[String]>.list(limit: 50, "must be the name of a role", code: "unknown_role") { name in
        (1...64).contains(name.utf8.count) && !name.utf8.contains(0)
    }

    /// Roles for somebody who has none yet.
    init(_ roles: [String]) {
        self.roles = roles
        revokesTokens = false
    }

    /// Whether the user is to be a superuser, which is a mark and no role of the tenant.
    var makesSuperuser: Bool { roles.contains(BuiltinRole.superuser) }
    /// The roles of the tenant among them.
    var tenantRoles: [String] { roles.filter { $0 != BuiltinRole.superuser } }
}

/// Says which roles a user has.
struct UserRoleEndpoint {
    let users: UserChanger

    var endpoint: Operation {
        let this = self
        return Route(
            .put, "/api/v1/admin/users/{id}/roles", id: "setUserRoles", tag: "admin",
            summary: "Replace the roles of a user; their tokens are cut off unless `revoke_tokens` is false",
            access: .permission(.rolesWrite)
        )
        .problem(.notFound, "not_found")
        .problem(.conflict, "last_superuser")
        .conditional()
        .handle(UserRoles.self) { call, wanted in try await this.replace(call, wanted) }
    }

    private func replace(_ call: Call, _ wanted: UserRoles) async throws -> ManagedUser {
        let target = try await UserTarget(call)
        return try await users.change(target) { transaction, user in
            try await transaction.refuseGranting(wanted, to: user, target.own)
            if user.isSuperuser, !wanted.makesSuperuser { try await transaction.refuseIfLastSuperuser(user) }
            let names = PostgresValue.textArray(wanted.tenantRoles)
            var steps = [
                PostgresStep(UserRoleStatements.withdraw, [.uuid(user.id), names]),
                PostgresStep(UserRoleStatements.grant, [.uuid(user.id), names]),
            ]
            if user.isSuperuser != wanted.makesSuperuser {
                steps.append(PostgresStep(UserRoleStatements.mark, [.uuid(user.id), .bool(wanted.makesSuperuser)]))
            }
            _ = try await transaction.pipeline(steps)
            var telling = [PostgresStep.userChanged(user.id)]
            if wanted.revokesTokens { telling.append(.raiseEpoch(of: user.id, because: "roles_changed")) }
            var detail = AuditDetail()
            detail.compare("roles", user.roles, wanted.roles.sorted())
            detail.note("revoke_tokens", wanted.revokesTokens)
            let audit = call.audit("user.roles_changed", "user", user.id.text, detail: detail.json)
            let events = try await transaction.record(telling, audit: audit)
            return Changed(answer: try await transaction.user(user.id), events: events)
        }
    }
}

extension PostgresTransaction {
    /// Makes sure that roles exist, and that whoever grants those that a user lacks has all that they give.
    /// - Parameter own: What whoever grants them may do.
    /// - Throws: `Problem.validation` naming the field, `Problem.forbidden` naming what is missing.
    func refuseGranting(
        _ wanted: UserRoles, to user: ManagedUser? = nil, _ own: Permissions
    ) async throws {
        let rows = try await query(UserRoleStatements.known, [.textArray(wanted.tenantRoles)])
        guard rows.count == wanted.tenantRoles.count else {
            throw Problem.validation([
                .init(field: "roles", code: "unknown_role", detail: "each must be the name of a role")
            ])
        }
        let present = user?.roles ?? []
        let granted = wanted.roles.filter { !present.contains($0) }
        var custom: [String] = []
        for row in rows where granted.contains(try row.decode(0)) { custom += try row.decode(1, as: [String].self) }
        if let missing = own.lacks(of: Permissions(roles: granted, custom: custom)) { throw Problem.notHeld(missing) }
    }
}
