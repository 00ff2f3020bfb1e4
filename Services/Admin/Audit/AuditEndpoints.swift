import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// Shows the audit log to those who look after a tenant.
struct AuditEndpoints {
    let postgres: PostgresClient

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .get, "/api/v1/admin/audit", id: "listAudit", tag: "admin",
                summary: "The audit log, the newest first; a superuser may name another `tenant`",
                access: .permission(.auditRead)
            )
            .problem(.badRequest, "invalid_cursor")
            .handle(query: AuditQuery.self) { call, query in try await this.list(call, query) },
            Route(
                .get, "/api/v1/admin/audit/{id}", id: "readAudit", tag: "admin", summary: "One row of the audit log",
                access: .permission(.auditRead)
            )
            .problem(.notFound, "not_found")
            .handle { call in try await this.read(call) },
        ]
    }

    private func list(_ call: Call, _ query: AuditQuery) async throws -> AuditPage {
        let tenant = query.tenant ?? call.tenant
        guard tenant == call.tenant || call.isSuperuser else {
            throw Problem.forbidden("Another tenant's log is shown to a superuser only.")
        }
        let list = query.list(of: tenant)
        let cursor = try query.page.cursor.map { text throws(Problem) in try AuditCursor(text, list: list) }
        let range: [PostgresValue] = [
            .optional(query.from), .optional(query.until), .optional(cursor?.microseconds), .optional(cursor?.id),
            .int4(Int32(query.page.limit + 1)),
        ]
        let (statement, filters) = Self.statement(for: query)
        let rows = try await postgres.query(statement, range + filters, scope: .tenant(tenant))
        let entries = try rows.map { row throws(PostgresError) in try AuditEntry(row) }
        let shown = Array(entries.prefix(query.page.limit))
        let next = entries.count > shown.count ? shown.last.map { AuditCursor(after: $0).text(list) } : nil
        return AuditPage(entries: shown, nextCursor: next)
    }

    /// The statement that walks the index of the narrowest filter.
    private static func statement(for query: AuditQuery) -> (PostgresStatement, [PostgresValue]) {
        if let request = query.requestID {
            let others: [PostgresValue] = [
                .optional(query.actor), .optional(query.action), .optional(query.targetKind), .optional(query.targetID),
            ]
            return (AuditStatements.byRequest, [.text(request)] + others)
        }
        if let kind = query.targetKind, let id = query.targetID {
            let others: [PostgresValue] = [.optional(query.actor), .optional(query.action)]
            return (AuditStatements.byTarget, [.text(kind), .text(id)] + others)
        }
        if let actor = query.actor {
            return (AuditStatements.byActor, [.uuid(actor), .optional(query.action)])
        }
        if let action = query.action { return (AuditStatements.byAction, [.text(action)]) }
        return (AuditStatements.all, [])
    }

    private func read(_ call: Call) async throws -> AuditEntry {
        let id = try call.id("id")
        let made = id.milliseconds.map { Date(timeIntervalSince1970: Double($0) / 1000) } ?? Date()
        // The clocks of processes and database are minutes apart at most, as a rule.
        for seconds in [600.0, 172_800.0] {
            let rows = try await postgres.query(
                AuditStatements.one, [.uuid(id), .timestamptz(made), .float8(seconds)], scope: .tenant(call.tenant))
            if let row = rows.first { return try AuditEntry(row) }
        }
        throw Problem.notFound
    }
}

extension UUID {
    /// The time that is written in an id of version 7, in milliseconds since 1970.
    fileprivate var milliseconds: UInt64? {
        let bytes = self.uuid
        guard bytes.6 >> 4 == 7 else { return nil }
        return [bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
