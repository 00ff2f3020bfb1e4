import FoundationEssentials
import Kit
import Postgres
import Tokens

/// Checks the audit log against its seals: first the chain, then row by row what each seal vouches for. Reads it in
/// pages, so that memory stays the same however long it is.
struct AuditVerifier: Sendable {
    private static let page: Int64 = 200
    let postgres: PostgresClient
    let authenticator: RecordAuthenticator

    /// Checks the rows of one tenant, or all, and the whole chain.
    /// - Parameter anchor: A seal that somebody noted down: it must still be part of the chain.
    func verify(tenant: UUID?, anchor: ChainCheck.Anchor? = nil) async throws -> AuditVerdict {
        let verdict = try await attempt(tenant, anchor)
        guard verdict.fault != nil else { return verdict }
        // A retention meanwhile makes what it drops look removed: what is wrong is so the second time, too.
        return try await attempt(tenant, anchor)
    }

    private func attempt(_ tenant: UUID?, _ anchor: ChainCheck.Anchor?) async throws -> AuditVerdict {
        var verdict = AuditVerdict(tenant: tenant)
        var chain = ChainCheck(authenticator, anchor: anchor)
        guard let range = try await postgres.query(SealStatements.range).first else { throw Problem.unavailable() }
        let first: Int64 = try range.decode(0, as: Int64?.self) ?? 1
        let last: Int64 = try range.decode(1, as: Int64?.self) ?? 0
        for begin in stride(from: first, through: last, by: Int(Self.page)) {
            for stored in try await seals(from: begin, through: min(last, begin + Self.page - 1)) {
                verdict.fault = chain.add(stored)
                verdict.firstSeal = chain.first ?? 0
                verdict.head = chain.head
                guard verdict.fault == nil else { return verdict }
            }
        }
        verdict.fault = chain.end()
        verdict.droppedBefore = chain.droppedBefore
        guard verdict.fault == nil else { return verdict }
        verdict.fault = try await checkUnsealed(&verdict)
        guard verdict.fault == nil else { return verdict }
        for begin in stride(from: first, through: last, by: Int(Self.page)) {
            let stored = try await seals(from: begin, through: min(last, begin + Self.page - 1))
            try await checkRows(of: stored.map(\.seal), isFirst: begin == first, &verdict)
            guard verdict.fault == nil else { return verdict }
        }
        return verdict
    }

    /// The seals of a range of numbers, with their parts.
    private func seals(from first: Int64, through last: Int64) async throws -> [ChainCheck.Stored] {
        let range: [PostgresValue] = [.int8(first), .int8(last)]
        let answers = try await postgres.pipeline([
            PostgresStep(SealStatements.seals, range), PostgresStep(SealStatements.parts, range),
        ])
        var parts: [Int64: [AuditSeal.Part]] = [:]
        for row in answers[1] {
            parts[try row.decode(0), default: []].append(
                .init(
                    tenant: try row.decode(1), month: try row.decode(2), rowCount: try row.decode(3),
                    digest: try row.decode(4)))
        }
        return try answers[0].map { row throws(PostgresError) in
            let number: Int64 = try row.decode(0)
            let seal = AuditSeal(
                number: number, firstPosition: try row.decode(1), lastPosition: try row.decode(2),
                rowCount: try row.decode(3), droppedBefore: try row.decode(4), firstKept: try row.decode(5),
                sealedAt: try row.decode(6), keyVersion: UInt8(truncatingIfNeeded: try row.decode(7, as: Int.self)),
                parts: parts[number] ?? [])
            return ChainCheck.Stored(seal: seal, hash: try row.decode(8))
        }
    }

    /// Counts what is not sealed yet.
    private func checkUnsealed(_ verdict: inout AuditVerdict) async throws -> AuditVerdict.Fault? {
        let head = verdict.head
        let rows = try await postgres.query(
            SealStatements.unsealed, [.int8(head.lastPosition), .optional(verdict.tenant)])
        // Asked in this order: a row that is there has a position that was drawn.
        let drawn = try await postgres.query(SealStatements.drawn)
        guard let row = rows.first, let last = drawn.first else { throw Problem.unavailable() }
        verdict.unsealed = try row.decode(0)
        guard let highest: Int64 = try row.decode(1), case let end = try last.decode(0, as: Int64.self), highest > end
        else { return nil }
        return .init(
            kind: .rowsInserted, seal: head.number + 1, firstPosition: end + 1, lastPosition: highest,
            detail: "a row has a position that no change has drawn")
    }

    /// Compares the rows of the positions of some seals, which follow one another, with their parts.
    private func checkRows(of seals: [AuditSeal], isFirst: Bool, _ verdict: inout AuditVerdict) async throws {
        guard let first = seals.first, let last = seals.last else { return }
        // What lies before the first seal left belongs to no seal: it is gone, or was put there.
        var check = RowCheck(seals, tenant: verdict.tenant, droppedBefore: verdict.droppedBefore, authenticator)
        var position = isFirst ? Int64.min : first.firstPosition - 1
        while position < last.lastPosition {
            let bounds: [PostgresValue] = [.int8(position), .int8(last.lastPosition), .int4(5000)]
            let rows =
                if let tenant = verdict.tenant {
                    try await postgres.query(SealStatements.rowsOfTenant, bounds + [.uuid(tenant)])
                } else {
                    try await postgres.query(SealStatements.rows, bounds)
                }
            for row in rows {
                let row = try SealedRow(row)
                position = row.position
                if let fault = try check.add(row) {
                    verdict.fault = fault
                    return
                }
            }
            if rows.count < 5000 { break }
        }
        verdict.fault = check.end()
        verdict.rows += check.rowCount
    }
}
