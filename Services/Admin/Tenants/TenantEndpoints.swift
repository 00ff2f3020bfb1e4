import Domain
import Events
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import Postgres

/// Shows tenants, makes and changes them. What is told and audited of a tenant belongs to it, whoever's token it was.
struct TenantEndpoints {
    let postgres: PostgresClient
    let changes: ChangeRunner

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .get, "/api/v1/admin/tenants", id: "listTenants", tag: "admin",
                summary: "All tenants, the newest first", access: .superuser
            )
            .problem(.badRequest, "invalid_cursor")
            .handle(query: ListQuery.self) { _, query in try await this.list(query) },
            Route(
                .post, "/api/v1/admin/tenants", id: "makeTenant", tag: "admin",
                summary: "Make a tenant with its built-in roles and client", access: .superuser
            )
            .problem(.conflict, "slug_taken")
            .idempotent()
            .respond(NewTenant.self, answer: ManagedTenant.self, status: .created) { call, tenant in
                try await this.make(call, tenant)
            },
            Route(
                .get, "/api/v1/admin/tenants/{id}", id: "readTenant", tag: "admin",
                summary: "One tenant; your own, unless you are a superuser", access: .permission(.tenantRead)
            )
            .problem(.notFound, "not_found")
            .conditional()
            .handle { call in
                let rows = try await this.postgres.query(TenantStatements.tenant, scope: .tenant(Self.named(by: call)))
                guard let row = rows.first else { throw Problem.notFound }
                return try ManagedTenant(row)
            },
            Route(
                .patch, "/api/v1/admin/tenants/{id}", id: "changeTenant", tag: "admin",
                summary:
                    "Change a tenant, your own unless you are a superuser; `settings` is merged into those it has, "
                    + "null takes one away",
                access: .permission(.tenantWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "default_tenant")
            .conditional()
            .handle(TenantChange.self) { call, change in try await this.change(call, change) },
        ]
    }

    /// The tenant that the path names: whoever is no superuser knows of no other than their own.
    private static func named(by call: Call) throws(Problem) -> UUID {
        let id = try call.id("id")
        guard id == call.tenant || call.isSuperuser else { throw .notFound }
        return id
    }

    private func list(_ query: ListQuery) async throws -> ManagedTenantList {
        let list = ["tenants"]
        let cursor = try query.cursor.map { text throws(Problem) in try ListCursor(text, list: list) }
        let rows = try await postgres.query(
            TenantStatements.list, [.optional(cursor?.id), .int4(Int32(query.limit + 1))])
        let tenants = try rows.map { row throws(PostgresError) in try ManagedTenant(row) }
        return ManagedTenantList(page: ListPage(tenants, limit: query.limit, list: list) { $0.id })
    }

    private func make(_ call: Call, _ new: NewTenant) async throws -> Response {
        let id = UUID.v7()
        do {
            return try await changes.create(call, in: id) { transaction in
                _ = try await transaction.query(TenantStatements.provision, [.text(new.slug), .text(new.name)])
                if let settings = new.settings {
                    _ = try await transaction.query(TenantStatements.update, [.null, .null, .jsonb(settings.json)])
                }
                let tenant = try await transaction.tenant()
                var detail = AuditDetail()
                detail.note("slug", new.slug)
                detail.note("name", new.name)
                if let settings = try? JSONParser.parse(tenant.stored.utf8) { detail.note("settings", settings) }
                let events = try await transaction.record(
                    [.tenantChanged(id)], audit: call.audit("tenant.made", "tenant", id.text, detail: detail.json))
                return Changed(answer: tenant, events: events)
            }
        } catch let PostgresError.server(error) where error.constraint == "tenants_slug_key" {
            throw Problem.conflict(
                "slug_taken", "This slug is in use already",
                errors: [.init(field: "slug", code: "taken", detail: "is in use already")])
        }
    }

    private func change(_ call: Call, _ change: TenantChange) async throws -> ManagedTenant {
        let id = try Self.named(by: call)
        guard change.state == nil || call.isSuperuser else {
            throw Problem.forbidden("Only a superuser suspends and resumes tenants.")
        }
        // Superusers are at home there: with it suspended nobody could undo that.
        guard id != DefaultTenant.id || change.state != "suspended" else {
            throw Problem.conflict("default_tenant", "The default tenant has to stay active")
        }
        return try await changes.run(in: id) { transaction in
            _ = try await transaction.query(TenantStatements.lock)
            let before = try await transaction.tenant()
            try call.requireMatch(before)
            _ = try await transaction.query(
                TenantStatements.update,
                [
                    .optional(change.name), .optional(change.state),
                    .optional(change.settings?.json, PostgresValue.jsonb),
                ])
            let after = try await transaction.tenant()
            let detail = before.changes(to: after)
            guard !detail.isEmpty else { return Changed(answer: after, events: []) }
            let action =
                switch (before.state, after.state) {
                case ("active", "suspended"): "tenant.suspended"
                case ("suspended", "active"): "tenant.resumed"
                default: "tenant.changed"
                }
            let events = try await transaction.record(
                [.tenantChanged(id)], audit: call.audit(action, "tenant", id.text, detail: detail.json))
            return Changed(answer: after, events: events)
        }
    }
}

extension PostgresTransaction {
    /// The tenant of the scope as it is now, within the transaction.
    /// - Throws: `Problem.notFound`.
    nonisolated(nonsending) func tenant() async throws -> ManagedTenant {
        guard let row = try await query(TenantStatements.tenant).first else { throw Problem.notFound }
        return try ManagedTenant(row)
    }
}

extension PostgresStep {
    /// Tells others that a tenant is another now.
    static func tenantChanged(_ tenant: UUID) -> PostgresStep {
        EventStatements.append(.tenantChanged, subject: tenant)
    }
}
