import Domain
import Events
import FoundationEssentials
import Kit
import Postgres

/// Changes tenants and takes them out of use.
struct TenantChanger: Sendable {
    let changes: ChangeRunner

    /// Changes the tenant that the path names.
    func change(_ call: Call, _ change: TenantChange) async throws -> ManagedTenant {
        let id = try call.namedTenant()
        guard change.state == nil || call.isSuperuser else {
            throw Problem.forbidden("Only a superuser suspends and resumes tenants.")
        }
        guard change.hosts == nil || call.isSuperuser else {
            throw Problem.forbidden("Only a superuser gives tenants host names.")
        }
        if change.state == "suspended" { try Self.refuseDefault(id) }
        return try await TakenTenantName.reported {
            try await changes.run(in: id) { transaction in
                let before = try await transaction.lockedTenant()
                try call.requireMatch(before)
                if let hosts = change.hosts, hosts != before.hosts {
                    _ = try await transaction.query(TenantStatements.setHosts, [.textArray(hosts)])
                }
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
                    case (let old, let new) where old == new: "tenant.changed"
                    case ("active", _): "tenant.suspended"
                    case ("deleting", _): "tenant.deletion_taken_back"
                    default: "tenant.resumed"
                    }
                return try await transaction.changed(after, call.audit(action, "tenant", id.text, detail: detail.json))
            }
        }
    }

    /// Takes the tenant that the path names out of use, and has it deleted after a while.
    func delete(_ call: Call, _ deletion: TenantDeletion) async throws -> ManagedTenant {
        let id = try call.namedTenant()
        try Self.refuseDefault(id)
        return try await changes.run(in: id) { transaction in
            let before = try await transaction.lockedTenant()
            try call.requireMatch(before)
            _ = try await transaction.query(TenantStatements.scheduleDeletion, [.float8(Double(deletion.grace))])
            let after = try await transaction.tenant()
            let detail = before.changes(to: after).json
            return try await transaction.changed(
                after, call.audit("tenant.deletion_scheduled", "tenant", id.text, detail: detail))
        }
    }

    /// Superusers are at home there: with it out of use nobody could undo that.
    private static func refuseDefault(_ id: UUID) throws(Problem) {
        guard id != DefaultTenant.id else {
            throw .conflict("default_tenant", "The default tenant has to stay active")
        }
    }
}

/// A slug or a host that another tenant has.
enum TakenTenantName {
    /// Runs a change, and says of which field it is that the name is in use.
    static func reported<Answer>(
        _ change: () async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await change()
        } catch let PostgresError.server(error) {
            switch error.constraint {
            case "tenants_slug_key": throw taken("slug", "This slug is in use already")
            case "tenant_hosts_pkey": throw taken("host", "One of these hosts is in use already", field: "hosts")
            default: throw PostgresError.server(error)
            }
        }
    }

    private static func taken(_ name: String, _ title: String, field: String? = nil) -> Problem {
        .conflict(
            "\(name)_taken", title,
            errors: [.init(field: field ?? name, code: "taken", detail: "is in use already")])
    }
}

extension Call {
    /// The tenant that the path names: whoever is no superuser knows of no other than their own.
    func namedTenant() throws(Problem) -> UUID {
        let id = try id("id")
        guard id == tenant || isSuperuser else { throw .notFound }
        return id
    }
}

extension PostgresTransaction {
    /// The tenant of the scope as it is now, within the transaction.
    /// - Throws: `Problem.notFound`.
    func tenant() async throws -> ManagedTenant {
        guard let row = try await query(TenantStatements.tenant).first else { throw Problem.notFound }
        return try ManagedTenant(row)
    }

    /// The tenant of the scope, which nobody else changes until the transaction ends.
    /// - Throws: `Problem.notFound`; 409 when its deletion has begun.
    fileprivate func lockedTenant() async throws -> ManagedTenant {
        if let row = try await query(TenantStatements.lock).first, try row.decode(0) {
            throw Problem.conflict("tenant_deletion_begun", "This tenant is being deleted")
        }
        return try await tenant()
    }

    /// Records the change of a tenant.
    fileprivate func changed(
        _ after: ManagedTenant, _ audit: PostgresStep
    ) async throws -> Changed<ManagedTenant> {
        Changed(answer: after, events: try await record([.tenantChanged(after.id)], audit: audit))
    }
}

extension PostgresStep {
    /// Tells others that a tenant is another now.
    static func tenantChanged(_ tenant: UUID) -> PostgresStep {
        EventStatements.append(.tenantChanged, subject: tenant)
    }
}
