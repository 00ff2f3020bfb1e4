import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// Shows and changes what a tenant's mails say.
struct MailTextEndpoints {
    let postgres: PostgresClient
    let changes: ChangeRunner

    private static let all = "/api/v1/admin/tenants/{id}/mail-texts"
    private static let one = all + "/{kind}"

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .get, Self.all, id: "listMailTexts", tag: "admin",
                summary: "What a tenant's mails say, and what each kind may name",
                access: .permission(.tenantRead)
            )
            .problem(.notFound, "not_found")
            .handle { call in try await this.list(call) },
            Route(
                .put, Self.one, id: "replaceMailText", tag: "admin",
                summary: "Give a tenant's mails of a kind words of its own", access: .permission(.tenantWrite)
            )
            .problem(.notFound, "not_found")
            .handle(MailTextInput.self) { call, input in try await this.replace(call, input) },
            Route(
                .delete, Self.one, id: "removeMailText", tag: "admin",
                summary: "Let a tenant's mails of a kind say what they say of themselves",
                access: .permission(.tenantWrite)
            )
            .problem(.notFound, "not_found")
            .perform { call in try await this.remove(call) },
        ]
    }

    private func list(_ call: Call) async throws -> MailTextList {
        let tenant = try call.namedTenant()
        let answers = try await postgres.pipeline(
            [PostgresStep(TenantStatements.tenant), PostgresStep(MailTextStatements.all)], scope: .tenant(tenant))
        guard !answers[0].isEmpty else { throw Problem.notFound }
        var own: [String: MailTemplate] = [:]
        for row in answers[1] {
            own[try row.decode(0)] = MailTemplate(subject: try row.decode(1), body: try row.decode(2))
        }
        return MailTextList(texts: MailKind.allCases.map { MailText(kind: $0, template: own[$0.rawValue]) })
    }

    private func replace(_ call: Call, _ input: MailTextInput) async throws -> MailText {
        let (tenant, kind) = try Self.named(by: call)
        let template = try input.template(for: kind)
        try await set(call, tenant, kind) { transaction in
            _ = try await transaction.query(
                MailTextStatements.replace, [.text(kind.rawValue), .text(template.subject), .text(template.body)])
        }
        return MailText(kind: kind, template: template)
    }

    private func remove(_ call: Call) async throws {
        let (tenant, kind) = try Self.named(by: call)
        try await set(call, tenant, kind) { transaction in
            let removed = try await transaction.query(MailTextStatements.remove, [.text(kind.rawValue)])
            guard removed.affected > 0 else { throw Problem.notFound }
        }
    }

    /// Runs a change and records what the texts were and are.
    private func set(
        _ call: Call, _ tenant: UUID, _ kind: MailKind,
        _ change: @escaping @Sendable (PostgresTransaction) async throws -> Void
    ) async throws {
        try await changes.run(in: tenant) { transaction in
            _ = try await transaction.tenant()
            let before = try await transaction.mailText(kind)
            try await change(transaction)
            let after = try await transaction.mailText(kind)
            var detail = AuditDetail()
            detail.note("kind", kind.rawValue)
            detail.compare("subject", before?.subject, after?.subject)
            detail.compare("body", before?.body, after?.body)
            let audit = call.audit("tenant.mail_text_changed", "tenant", tenant.text, detail: detail.json)
            return Changed(answer: (), events: try await transaction.record([], audit: audit))
        }
    }

    private static func named(by call: Call) throws(Problem) -> (UUID, MailKind) {
        guard let kind = MailKind(rawValue: try call.text("kind")) else { throw .notFound }
        return (try call.namedTenant(), kind)
    }
}

extension PostgresTransaction {
    fileprivate func mailText(_ kind: MailKind) async throws -> MailTemplate? {
        let rows = try await query(MailTextStatements.one, [.text(kind.rawValue)])
        return try rows.first.map { row throws(PostgresError) in
            MailTemplate(subject: try row.decode(0), body: try row.decode(1))
        }
    }
}

private enum MailTextStatements {
    static let all = PostgresStatement(
        "admin_mail_texts", [], "select kind, subject, body from mail_texts where tenant_id = current_tenant()")

    static let one = PostgresStatement(
        "admin_mail_text", [.text],
        "select subject, body from mail_texts where tenant_id = current_tenant() and kind = $1 for update")

    static let replace = PostgresStatement(
        "admin_mail_text_replace", [.text, .text, .text],
        """
        insert into mail_texts (tenant_id, kind, subject, body) values (current_tenant(), $1, $2, $3)
        on conflict (tenant_id, kind) do update
            set subject = excluded.subject, body = excluded.body, updated_at = now()
        """)

    static let remove = PostgresStatement(
        "admin_mail_text_remove", [.text], "delete from mail_texts where tenant_id = current_tenant() and kind = $1")
}
