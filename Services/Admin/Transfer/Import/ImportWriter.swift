import Domain
import Events
import FoundationEssentials
import Kit
import NIOCore
import Postgres

/// A row of an import that was read.
struct ImportEntry: Sendable {
    let line: Int64
    let lastLine: Int64
    /// SHA-256 over all records up to this one.
    let digest: [UInt8]
    let row: Result<ImportRow, RowFaults>
}

/// Puts rows of an import into the database, each batch in one transaction together with the report on it and how far the
/// import came: whatever happens between two, no row is lost and none comes twice.
struct ImportWriter: Sendable {
    /// What a batch came to.
    struct Step: Sendable {
        /// One for each row that was dealt with; those behind them are for another batch.
        let outcomes: [RowOutcome]
        let planner: ImportPlanner
    }

    let changes: ChangeRunner
    let call: Call
    let job: UUID
    let claim: UUID

    /// Deals with rows, from the first on.
    /// - Throws: 409 `import_taken_over` when a later request goes on with this import.
    func write(_ entries: [ImportEntry], _ planner: ImportPlanner) async throws -> Step {
        var attempt = 1
        while true {
            do {
                return try await changes.run(in: call.tenant) { transaction in
                    try await run(entries, planner, in: transaction)
                }
            } catch let error as PostgresError {
                // A name was taken between the look and the change: the next look sees it.
                guard TakenName.field(error) != nil, attempt < 5 else { throw error }
                attempt += 1
            }
        }
    }

    /// Has the server count users anew while it believes that they are few: its plans would be for few.
    /// - Returns: Whether it knows that they are many.
    func countUsers() async throws -> Bool {
        let rows = try await changes.postgres.query(ImportStatements.countUsers)
        return try rows.first?.decode(0) ?? true
    }

    private func run(
        _ entries: [ImportEntry], _ planner: ImportPlanner, in transaction: PostgresTransaction
    ) async throws -> Changed<Step> {
        // The body may take hours; who was disabled meanwhile makes nobody an administrator any more.
        try call.requireStanding()
        guard try await !transaction.query(ImportStatements.claim, [.uuid(job), .uuid(claim)]).isEmpty else {
            throw Problem.importTakenOver
        }
        var planner = planner
        planner.beginBatch(roles: try await transaction.rolesToGive())
        let matches = try await transaction.matches(of: entries)
        let present = planner.policy == .update ? try await transaction.present(matches) : [:]
        var outcomes: [RowOutcome] = []
        var made: [(entry: ImportEntry, row: ImportRow, id: UUID)] = []
        var updates: [UserUpdate] = []
        deciding: for (entry, match) in zip(entries, matches) {
            let row: ImportRow
            switch entry.row {
            case .success(let read): row = read
            case .failure(let faults):
                outcomes.append(.init(line: entry.line, status: .failed, faults: faults))
                continue
            }
            switch planner.decide(entry.line, row, match, present) {
            case .settled(let outcome): outcomes.append(outcome)
            case .later: break deciding
            case .create(let row, let id):
                made.append((entry, row, id))
                outcomes.append(.init(line: entry.line, status: .created, user: id))
            case .update(let row, let present, let wanted, let roles):
                updates.append(.init(row: row, present: present, wanted: wanted, roles: roles))
                outcomes.append(.init(line: entry.line, status: .updated, user: wanted.id))
            }
        }
        if !made.isEmpty {
            let ids = try await transaction.make(made.map { ($0.row, $0.id) }, call, job)
            for row in made where !ids.contains(row.id) {
                guard let index = outcomes.firstIndex(where: { $0.line == row.entry.line }) else { continue }
                outcomes[index] = Self.lost(row.entry.line, row.row, planner.policy)
            }
        }
        var events: [Int64] = []
        for update in updates { events += try await transaction.change(update, call, job) }
        _ = try await transaction.pipeline(progress(entries, outcomes))
        return Changed(answer: Step(outcomes: outcomes, planner: planner), events: events)
    }

    /// What became of a row whose name somebody else has taken meanwhile.
    private static func lost(_ line: Int64, _ row: ImportRow, _ policy: ConflictPolicy) -> RowOutcome {
        guard policy != .skip else { return .init(line: line, status: .skipped) }
        let field = row.email != nil ? "email" : "username"
        return .init(
            line: line, status: .failed,
            faults: .init(field: field, "taken", "belongs to a user who came in meanwhile"))
    }

    private func progress(_ entries: [ImportEntry], _ outcomes: [RowOutcome]) -> [PostgresStep] {
        guard let first = entries.first, !outcomes.isEmpty else { return [] }
        let last = entries[outcomes.count - 1]
        var counts = ImportCounts()
        counts.add(outcomes)
        var report = ByteBuffer()
        for outcome in outcomes { outcome.write(to: &report) }
        return [
            PostgresStep(
                ImportStatements.progress,
                [.uuid(job), .int8(last.lastLine), .bytea(last.digest)]
                    + RowOutcome.Status.allCases.map { .int8(counts[$0]) }),
            PostgresStep(ImportStatements.report, [.uuid(job), .int8(first.line), .text(String(buffer: report))]),
        ]
    }
}

extension Problem {
    /// 409: a later request goes on with the import.
    static let importTakenOver = Problem.conflict("import_taken_over", "A later request goes on with this import")
    /// 409: what comes is not what came the first time.
    static let importDiffers = Problem.conflict("import_differs", "The import of this id began differently")
}
