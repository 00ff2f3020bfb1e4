import Domain
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import NIOCore
import Postgres

/// How users are given out.
struct ExportOptions: RequestContent {
    let format: TransferFormat
    let includesHashes: Bool

    init(from fields: inout FieldReader) {
        let word = fields.optional("format", .word(TransferFormat.allCases.map(\.rawValue)))
        format = word.flatMap { TransferFormat(rawValue: $0) } ?? .ndjson
        includesHashes = fields.optional("include", .word(["password_hash"])) != nil
    }
}

/// Gives out all users of the tenant in the form that an import takes.
struct ExportEndpoint {
    let postgres: PostgresClient

    var endpoint: Operation {
        let this = self
        return Route(
            .get, "/api/v1/admin/users/export", id: "exportUsers", tag: "admin",
            summary: "All users of the tenant, a JSON object a line or CSV; a superuser may include password hashes",
            access: .permission(.usersExport)
        )
        .respond(query: ExportOptions.self, mediaType: TransferFormat.ndjson.mediaType) { call, options in
            try await this.export(call, options)
        }
    }

    private func export(_ call: Call, _ options: ExportOptions) async throws -> Response {
        guard !options.includesHashes || call.isSuperuser else {
            throw Problem.forbidden("Password hashes are given to a superuser only.")
        }
        var detail = AuditDetail()
        detail.note("format", options.format.rawValue)
        detail.note("password_hashes", options.includesHashes)
        _ = try await postgres.pipeline(
            [call.audit("users.exported", "tenant", call.tenant.text, detail: detail.json)],
            scope: .tenant(call.tenant))
        let (postgres, tenant) = (postgres, call.tenant)
        let name = HTTPFields([
            HTTPField(name: .contentDisposition, value: "attachment; filename=\"users.\(options.format.rawValue)\"")
        ])
        return .streamed(options.format.mediaType, fields: name, logger: call.logger) { writer in
            let form = ExportForm(options)
            if let head = form.head { try await writer.write(ByteBuffer(string: head)) }
            var last = UUID(high: 0, low: 0)
            while true {
                let rows = try await postgres.query(
                    Self.page, [.uuid(last), .bool(options.includesHashes)], scope: .tenant(tenant))
                guard !rows.isEmpty else { return }
                var part = ByteBuffer()
                for row in rows {
                    let user = try ExportedUser(row)
                    last = user.id
                    form.write(user, to: &part)
                }
                try await writer.write(part)
            }
        }
    }

    /// The next users behind the id $1, with their hashes when $2.
    private static let page = PostgresStatement(
        "export_page", [.uuid, .bool],
        """
        select u.id, u.email, u.email_verified_at is not null, u.username, u.display_name, u.state,
            array(
                select r.name from user_roles ur
                join roles r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
                where ur.tenant_id = u.tenant_id and ur.user_id = u.id order by r.name),
            u.created_at,
            case when $2 then (
                select c.secret from credentials c
                where c.tenant_id = u.tenant_id and c.user_id = u.id and c.kind = 'password') end
        from users u
        where u.tenant_id = current_tenant() and u.id > $1
        order by u.id
        limit 500
        """)
}
