import Domain
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import NIOConcurrencyHelpers
import NIOCore
import Postgres

/// Which lines of a report are shown.
struct ReportQuery: RequestContent {
    let status: String?

    init(from fields: inout FieldReader) {
        status = fields.optional("status", .word(RowOutcome.Status.allCases.map(\.rawValue)))
    }
}

/// Takes users in, and tells what became of them.
struct ImportEndpoints {
    /// Bytes of an import.
    private static let longest = 64 << 20
    /// Imports at a time: each keeps the database busy.
    private static let places = 2

    let changes: ChangeRunner
    private let running = NIOLockedValueBox(0)

    init(changes: ChangeRunner) {
        self.changes = changes
    }

    var endpoints: [Operation] {
        let this = self
        return [
            Route(
                .post, "/api/v1/admin/users/import", id: "importUsers", tag: "admin",
                summary: "Take users in, a JSON object a line or CSV; `id` lets an import go on that was cut off",
                access: .permission(.usersImport)
            )
            .problem(.conflict, "import_differs, import_taken_over")
            .problem(.serviceUnavailable, "overloaded")
            .stream(
                query: ImportOptions.self, records: ImportRow.self,
                mediaTypes: TransferFormat.allCases.map(\.mediaType), limit: Self.longest, answer: ImportView.self
            ) { call, options, body in try await this.run(call, options, body) },
            Route(
                .get, "/api/v1/admin/users/imports", id: "listImports", tag: "admin",
                summary: "The latest imports of users", access: .permission(.usersImport)
            )
            .handle { call in
                let rows = try await this.changes.postgres.query(ImportStatements.latest, scope: .tenant(call.tenant))
                return ImportList(imports: try rows.map { row throws(PostgresError) in try ImportView(row) })
            },
            Route(
                .get, "/api/v1/admin/users/imports/{id}", id: "readImport", tag: "admin",
                summary: "One import of users",
                access: .permission(.usersImport)
            )
            .problem(.notFound, "not_found")
            .handle { call in try await this.view(call.id("id"), call) },
            Route(
                .get, "/api/v1/admin/users/imports/{id}/report", id: "readImportReport", tag: "admin",
                summary: "What became of each row of an import, a JSON object a line", access: .permission(.usersImport)
            )
            .problem(.notFound, "not_found")
            .respond(query: ReportQuery.self, mediaType: TransferFormat.ndjson.mediaType) { call, query in
                try await this.report(call, query)
            },
        ]
    }

    private func run(_ call: Call, _ options: ImportOptions, _ body: BodyStream) async throws -> ImportView {
        let own = try await call.permissions()
        guard options.onConflict != .update || own.contains(.usersWrite) else {
            throw Problem.forbidden("Changing users needs the permission \(Permission.usersWrite.rawValue).")
        }
        let isFree = running.withLockedValue { running in
            guard running < Self.places else { return false }
            running += 1
            return true
        }
        guard isFree else { throw Problem.overloaded(retryAfter: 10) }
        defer { running.withLockedValue { $0 -= 1 } }
        let format = call.mediaType == TransferFormat.csv.mediaType ? TransferFormat.csv : .ndjson
        let job = options.id ?? .v7()
        let claim = UUID.v7()
        let reached = try await open(job, claim, format, options, call)
        var run = ImportRun(
            ImportWriter(changes: changes, call: call, job: job, claim: claim),
            ImportPlanner(policy: options.onConflict, isDryRun: options.isDryRun, own: own), format, reached: reached)
        var cutter = RecordCutter(format)
        while let part = try await body.next() {
            for record in cutter.take(part.readableBytesView) { try await run.take(record) }
        }
        for record in cutter.finish() { try await run.take(record) }
        try await run.finish()
        var view = try await finish(job, claim, options, call)
        view.repeated = run.repeated
        view.failures = run.failures.map(ImportFailure.init)
        return view
    }

    /// Begins the import, or goes on with it.
    private func open(
        _ job: UUID, _ claim: UUID, _ format: TransferFormat, _ options: ImportOptions, _ call: Call
    ) async throws -> (line: Int64, digest: [UInt8]) {
        try await changes.run(in: call.tenant) { transaction in
            let rows = try await transaction.query(
                ImportStatements.open,
                [
                    .uuid(job), .text(format.rawValue), .text(options.onConflict.rawValue), .bool(options.isDryRun),
                    .uuid(claim),
                ])
            guard let row = rows.first else { throw Problem.importDiffers }
            guard options.isDryRun else {
                return Changed(answer: (line: try row.decode(0), digest: try row.decode(1)), events: [])
            }
            _ = try await transaction.pipeline([
                PostgresStep(ImportStatements.rewind, [.uuid(job)]),
                PostgresStep(ImportStatements.forgetReport, [.uuid(job)]),
            ])
            return Changed(answer: (line: 0, digest: []), events: [])
        }
    }

    private func finish(
        _ job: UUID, _ claim: UUID, _ options: ImportOptions, _ call: Call
    ) async throws -> ImportView {
        try await changes.run(in: call.tenant) { transaction in
            let done = try await transaction.query(ImportStatements.finish, [.uuid(job), .uuid(claim)])
            guard done.affected == 1 else { throw Problem.importTakenOver }
            guard let row = try await transaction.query(ImportStatements.one, [.uuid(job)]).first else {
                throw Problem.notFound
            }
            let view = try ImportView(row)
            if !options.isDryRun {
                var detail = AuditDetail()
                for (status, count) in zip(RowOutcome.Status.allCases, view.counts) {
                    detail.note(status.rawValue, count)
                }
                _ = try await transaction.record(
                    [], audit: call.audit("users.imported", "import", job.text, detail: detail.json))
            }
            return Changed(answer: view, events: [])
        }
    }

    private func view(_ job: UUID, _ call: Call) async throws -> ImportView {
        let rows = try await changes.postgres.query(ImportStatements.one, [.uuid(job)], scope: .tenant(call.tenant))
        guard let row = rows.first else { throw Problem.notFound }
        return try ImportView(row)
    }

    private func report(_ call: Call, _ query: ReportQuery) async throws -> Response {
        let job = try call.id("id")
        _ = try await view(job, call)
        let (postgres, tenant) = (changes.postgres, call.tenant)
        let mark = query.status.map { #","status":"\#($0)""# }
        return .streamed(TransferFormat.ndjson.mediaType, logger: call.logger) { writer in
            var line: Int64 = 0
            while let row = try await postgres.query(
                ImportStatements.reportPart, [.uuid(job), .int8(line)], scope: .tenant(tenant)
            ).first {
                line = try row.decode(0)
                var text: String = try row.decode(1)
                if let mark {
                    text = text.split(separator: "\n").filter { $0.contains(mark) }.map { $0 + "\n" }.joined()
                }
                if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
            }
        }
    }
}
