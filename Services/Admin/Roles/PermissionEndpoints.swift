import Domain
import HTTPTypes
import Hummingbird
import Kit
import Postgres

/// A permission that roles can be made of.
struct PermissionView: ResponseContent {
    let name: String
    let description: String
    /// Whether Gatehouse itself asks for it.
    let isBuiltin: Bool

    static let example = PermissionView(name: "orders:read", description: "See orders", isBuiltin: false)

    func write(to fields: inout some FieldSink) {
        fields.field("name", name)
        fields.field("description", description)
        fields.field("builtin", isBuiltin)
    }
}

/// Every permission of the tenant.
struct PermissionList: ResponseContent {
    let permissions: [PermissionView]

    static let example = PermissionList(permissions: [.example])

    func write(to fields: inout some FieldSink) {
        fields.field("permissions", permissions)
    }
}

/// Shows the permissions there are, and keeps those of the tenant's own applications.
struct PermissionEndpoints {
    let postgres: PostgresClient
    let changes: ChangeRunner

    /// The most permissions a tenant may have beside the catalogue.
    private static let limit = 1000

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .get, "/api/v1/admin/permissions", id: "listPermissions", tag: "admin",
                summary: "What Gatehouse asks for, and what the tenant's applications ask for",
                access: .permission(.rolesRead)
            )
            .handle { call in
                let rows = try await this.postgres.query(RoleStatements.permissions, scope: .tenant(call.tenant))
                let own = try rows.map { row throws(PostgresError) in
                    PermissionView(name: try row.decode(0), description: try row.decode(1), isBuiltin: false)
                }
                let catalogue = Permission.allCases.map {
                    PermissionView(name: $0.rawValue, description: $0.summary, isBuiltin: true)
                }
                return PermissionList(permissions: catalogue + own)
            },
            Route(
                .post, "/api/v1/admin/permissions", id: "makePermission", tag: "admin",
                summary: "Make a permission for the tenant's applications to ask about",
                access: .permission(.rolesWrite)
            )
            .problem(.conflict, "permission_taken, too_many_permissions")
            .idempotent()
            .respond(NewPermission.self, answer: PermissionView.self, status: .created) { call, new in
                try await this.make(call, new)
            },
            Route(
                .delete, "/api/v1/admin/permissions/{name}", id: "removePermission", tag: "admin",
                summary: "Remove a permission of the tenant's applications from its roles, and altogether",
                access: .permission(.rolesWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "builtin_permission")
            .perform { call in try await this.remove(call) },
        ]
    }

    private func make(_ call: Call, _ new: NewPermission) async throws -> Response {
        try await changes.create(call, in: call.tenant) { transaction in
            _ = try await transaction.raiseRoleEpoch()
            guard try await transaction.query(RoleStatements.permissions).count < Self.limit else {
                throw Problem.conflict(
                    "too_many_permissions", "A tenant has \(Self.limit) permissions of its own at most")
            }
            let made = try await transaction.query(
                RoleStatements.insertPermission, [.text(new.name), .text(new.description)])
            guard !made.isEmpty else {
                throw Problem.conflict(
                    "permission_taken", "There is a permission of this name",
                    errors: [.init(field: "name", code: "taken", detail: "is the name of another permission")])
            }
            let events = try await transaction.record(
                [], audit: call.audit("permission.made", "permission", new.name))
            return Changed(
                answer: PermissionView(name: new.name, description: new.description, isBuiltin: false), events: events)
        }
    }

    private func remove(_ call: Call) async throws {
        let (name, own) = (try call.text("name"), try await call.permissions())
        guard Permission(rawValue: name) == nil else {
            throw Problem.conflict("builtin_permission", "A permission that Gatehouse asks for has to stay")
        }
        guard RoleFields.isPermission(name) else { throw Problem.notFound }
        if let missing = own.lacks(of: .named([name])) { throw Problem.notHeld(missing) }
        try await changes.run(in: call.tenant) { transaction in
            let epoch = try await transaction.raiseRoleEpoch()
            guard try await !transaction.query(RoleStatements.removePermission, [.text(name)]).isEmpty else {
                throw Problem.notFound
            }
            let rows = try await transaction.query(
                RoleStatements.withdrawPermission, [.text(name), .int8(epoch)])
            let roles = try rows.map { row throws(PostgresError) in try row.decode(0, as: String.self) }
            var detail = AuditDetail()
            detail.note("roles", roles.sorted())
            let events = try await transaction.record(
                roles.isEmpty ? [] : [.rolesChanged(roles, epoch)],
                audit: call.audit("permission.deleted", "permission", name, detail: detail.json))
            return Changed(answer: (), events: events)
        }
    }
}
