import Domain
import HTTPTypes
import Kit
import Postgres

/// Shows tenants, makes, changes and deletes them.
struct TenantEndpoints {
    let postgres: PostgresClient
    let maker: TenantMaker
    let changer: TenantChanger

    var endpoints: [Operation] { reading + writing }

    private var reading: [Operation] {
        let this = self
        return [
            Route(
                .get, "/api/v1/admin/tenants", id: "listTenants", tag: "admin",
                summary: "All tenants, the newest first", access: .superuser
            )
            .problem(.badRequest, "invalid_cursor")
            .handle(query: ListQuery.self) { _, query in try await this.list(query) },
            Route(
                .get, "/api/v1/admin/tenants/{id}", id: "readTenant", tag: "admin",
                summary: "One tenant; your own, unless you are a superuser", access: .permission(.tenantRead)
            )
            .problem(.notFound, "not_found")
            .conditional()
            .handle { call in
                let rows = try await this.postgres.query(TenantStatements.tenant, scope: .tenant(call.namedTenant()))
                guard let row = rows.first else { throw Problem.notFound }
                return try ManagedTenant(row)
            },
        ]
    }

    private var writing: [Operation] {
        let (maker, changer) = (maker, changer)
        return [
            Route(
                .post, "/api/v1/admin/tenants", id: "makeTenant", tag: "admin",
                summary:
                    "Make a tenant with its built-in roles and client, and with its first administrator if one is named",
                access: .superuser
            )
            .problem(.conflict, "slug_taken")
            .problem(.conflict, "host_taken")
            .idempotent()
            .respond(NewTenant.self, answer: ManagedTenant.self, status: .created) { call, tenant in
                try await maker.make(call, tenant)
            },
            Route(
                .patch, "/api/v1/admin/tenants/{id}", id: "changeTenant", tag: "admin",
                summary:
                    "Change a tenant, your own unless you are a superuser; `settings` is merged into those it has, "
                    + "null takes one away; a `state` takes a deletion back",
                access: .permission(.tenantWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "default_tenant")
            .problem(.conflict, "host_taken")
            .problem(.conflict, "tenant_deletion_begun")
            .conditional()
            .handle(TenantChange.self) { call, change in try await changer.change(call, change) },
            Route(
                .delete, "/api/v1/admin/tenants/{id}", id: "deleteTenant", tag: "admin",
                summary:
                    "Take a tenant out of use at once, and delete it with all it has after `grace_seconds`, 30 days "
                    + "unless said",
                access: .superuser
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "default_tenant")
            .problem(.conflict, "tenant_deletion_begun")
            .conditional()
            .handle(query: TenantDeletion.self, status: .accepted) { call, deletion in
                try await changer.delete(call, deletion)
            },
        ]
    }

    private func list(_ query: ListQuery) async throws -> ManagedTenantList {
        let list = ["tenants"]
        let cursor = try query.cursor.map { text throws(Problem) in try ListCursor(text, list: list) }
        let rows = try await postgres.query(
            TenantStatements.list, [.optional(cursor?.id), .int4(Int32(query.limit + 1))])
        let tenants = try rows.map { row throws(PostgresError) in try ManagedTenant(row) }
        return ManagedTenantList(page: ListPage(tenants, limit: query.limit, list: list) { $0.id })
    }
}
