import Domain
import HTTPTypes
import Kit
import Postgres

/// Shows the tenant's roles, makes, changes and removes custom ones.
struct RoleEndpoints {
    let postgres: PostgresClient
    let roles: RoleChanger

    var endpoints: [Operation] { reading + writing }

    private var reading: [Operation] {
        let postgres = postgres
        return [
            Route(
                .get, "/api/v1/admin/roles", id: "listRoles", tag: "admin",
                summary: "The tenant's roles and what they give, the built-in ones first",
                access: .permission(.rolesRead)
            )
            .handle { call in
                let rows = try await postgres.query(RoleStatements.list, scope: .tenant(call.tenant))
                return ManagedRoleList(
                    roles: try rows.map { row throws(PostgresError) in try ManagedRole(row) })
            },
            Route(
                .get, "/api/v1/admin/roles/{id}", id: "readRole", tag: "admin", summary: "One role",
                access: .permission(.rolesRead)
            )
            .problem(.notFound, "not_found")
            .conditional()
            .handle { call in
                let rows = try await postgres.query(
                    RoleStatements.role, [.uuid(call.id("id"))], scope: .tenant(call.tenant))
                guard let row = rows.first else { throw Problem.notFound }
                return try ManagedRole(row)
            },
        ]
    }

    private var writing: [Operation] {
        let roles = roles
        return [
            Route(
                .post, "/api/v1/admin/roles", id: "makeRole", tag: "admin",
                summary: "Make a role of permissions that you hold yourself", access: .permission(.rolesWrite)
            )
            .problem(.conflict, "role_name_taken, too_many_roles")
            .idempotent()
            .respond(RoleContent.self, answer: ManagedRole.self, status: .created) { call, content in
                try await roles.make(call, content)
            },
            Route(
                .put, "/api/v1/admin/roles/{id}", id: "replaceRole", tag: "admin",
                summary: "Replace a role; tokens that say what it gave before are cut off",
                access: .permission(.rolesWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "role_name_taken, builtin_role")
            .conditional()
            .handle(RoleContent.self) { call, content in try await roles.change(call, RoleChange(content)) },
            Route(
                .patch, "/api/v1/admin/roles/{id}", id: "changeRole", tag: "admin",
                summary: "Change a role; tokens that say what it gave before are cut off",
                access: .permission(.rolesWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "role_name_taken, builtin_role")
            .conditional()
            .handle(RoleChange.self) { call, change in try await roles.change(call, change) },
            Route(
                .delete, "/api/v1/admin/roles/{id}", id: "removeRole", tag: "admin",
                summary: "Remove a role from whoever has it, and altogether", access: .permission(.rolesWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "builtin_role")
            .conditional()
            .perform { call in try await roles.remove(call) },
        ]
    }
}
