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
        let name = FieldType<[String]>.list(limit: 50, "must be the name of a role", code: "unknown_role") { name in
            (1...64).contains(name.utf8.count) && name != BuiltinRole.superuser && !name.utf8.contains(0)
        }
        roles = fields.required("roles", name)
        revokesTokens = fields.optional("revoke_tokens", .flag) ?? true
    }
}

/// Says which roles a user has.
struct UserRoleEndpoint {
    let users: UserChanger

    var endpoint: Operation {
        let this = self
        return Route(
            .put, "/api/v1/admin/users/{id}/roles", id: "setUserRoles", tag: "admin",
            summary: "Replace the roles of a user; their tokens are cut off unless `revoke_tokens` is false",
            access: .userAdministrators
        )
        .problem(.notFound, "not_found")
        .handle(UserRoles.self) { call, wanted in try await this.replace(call, wanted) }
    }

    private func replace(_ call: Call, _ wanted: UserRoles) async throws -> ManagedUser {
        try await users.change(call) { transaction, user in
            let rows = try await transaction.query(RoleStatements.known, [.textArray(wanted.roles)])
            guard rows.count == wanted.roles.count else {
                throw Problem.validation([
                    .init(field: "roles", code: "unknown_role", detail: "each must be the name of a role")
                ])
            }
            let granted = wanted.roles.filter { !user.roles.contains($0) }
            guard granted.allSatisfy({ Self.mayGrant($0, call) }) else {
                throw Problem.forbidden("Nobody can grant a role that they don't have.")
            }
            _ = try await transaction.pipeline([
                PostgresStep(RoleStatements.withdraw, [.uuid(user.id), .textArray(wanted.roles)]),
                PostgresStep(RoleStatements.grant, [.uuid(user.id), .textArray(wanted.roles)]),
            ])
            var telling = [PostgresStep.userChanged(user.id)]
            if wanted.revokesTokens { telling.append(.raiseEpoch(of: user.id, because: "roles_changed")) }
            var detail = AuditDetail()
            let kept = user.roles.filter { $0 == BuiltinRole.superuser }
            detail.compare("roles", user.roles, (wanted.roles + kept).sorted())
            detail.note("revoke_tokens", wanted.revokesTokens)
            let audit = call.audit("user.roles_changed", "user", user.id.text, detail: detail.json)
            let events = try await transaction.record(telling, audit: audit)
            return Changed(answer: try await transaction.user(user.id), events: events)
        }
    }

    /// Whether the caller may give a role to somebody: a superuser any, an administrator the built-in ones, and everyone
    /// what they have themselves.
    private static func mayGrant(_ role: String, _ call: Call) -> Bool {
        let own = call.principal?.roles ?? []
        if call.isSuperuser || own.contains(role) { return true }
        return own.contains(BuiltinRole.admin) && [BuiltinRole.moderator, BuiltinRole.user].contains(role)
    }
}
