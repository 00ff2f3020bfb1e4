import FoundationEssentials
import Kit
import Postgres

/// An import as an administrator sees it.
struct ImportView: ResponseContent {
    var id: UUID
    var format: String
    var policy: String
    var isDryRun: Bool
    var state: String
    var line: Int
    var counts: [Int]
    var createdAt: Date
    var updatedAt: Date
    /// Rows that an earlier request had dealt with, in the answer to one that went on.
    var repeated = 0
    /// What is wrong with the first few rows that failed, in the answer to the import itself.
    var failures: [ImportFailure] = []

    static let example = ImportView(
        id: ManagedUser.example.id, format: "ndjson", policy: "fail", isDryRun: false, state: "finished", line: 3,
        counts: [2, 0, 0, 0, 1], createdAt: ManagedUser.example.createdAt, updatedAt: ManagedUser.example.updatedAt,
        failures: [.example])

    func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("format", format)
        fields.field("on_conflict", policy)
        fields.field("dry_run", isDryRun)
        fields.field("state", state)
        fields.field("line", line)
        for (status, count) in zip(RowOutcome.Status.allCases, counts) { fields.field(status.rawValue, count) }
        fields.field("repeated", repeated)
        fields.field("failures", failures)
        fields.field("created_at", createdAt)
        fields.field("updated_at", updatedAt)
    }
}

extension ImportView {
    /// Reads a row of `ImportStatements.one` or `.latest`.
    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode(0)
        format = try row.decode(1)
        policy = try row.decode(2)
        isDryRun = try row.decode(3)
        state = try row.decode(4)
        line = try row.decode(5)
        counts = []
        for column in 6...10 { counts.append(try row.decode(column)) }
        createdAt = try row.decode(11)
        updatedAt = try row.decode(12)
    }
}

/// Why a row failed: the first thing that is wrong with it.
struct ImportFailure: ResponseContent {
    let line: Int
    let field: String?
    let code: String
    let detail: String

    static let example = ImportFailure(
        line: 3, field: "email", code: "taken", detail: "belongs to a user who is there already")

    init(line: Int, field: String?, code: String, detail: String) {
        self.line = line
        self.field = field
        self.code = code
        self.detail = detail
    }

    init(_ outcome: RowOutcome) {
        let error = outcome.faults?.errors.first
        let name = error.map { String($0.pointer.dropFirst()) } ?? ""
        self.init(
            line: Int(outcome.line), field: name.isEmpty ? nil : name, code: error?.code ?? "",
            detail: error?.detail ?? "")
    }

    func write(to fields: inout some FieldSink) {
        fields.field("line", line)
        fields.field("field", field)
        fields.field("code", code)
        fields.field("detail", detail)
    }
}

/// The latest imports.
struct ImportList: ResponseContent {
    let imports: [ImportView]

    static let example = ImportList(imports: [.example])

    func write(to fields: inout some FieldSink) {
        fields.field("imports", imports)
    }
}
