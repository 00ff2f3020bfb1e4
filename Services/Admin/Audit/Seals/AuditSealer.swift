import Domain
import FoundationEssentials
import Kit
import Postgres
import Tokens

/// Adds seals to the chain. Any number of processes may try at once: one at a time does it, the others find it done.
struct AuditSealer: Sendable {
    /// Rows that one seal holds at most.
    static let longest = 2000

    /// The last seal, to be told apart from any other.
    struct Head: Sendable, Equatable {
        let number: Int64
        let lastPosition: Int64
        let hash: [UInt8]
        /// Microseconds since 1970.
        var sealedAt: Int64 = 0
        /// The number of the seal that comes next.
        var next: Int64 = 1

        /// Before the first seal.
        static let none = Head(number: 0, lastPosition: 0, hash: [])
    }

    /// A point up to which positions are final once all transactions below `transaction` are history.
    struct Mark: Sendable {
        let position: Int64
        let transaction: Int64
        /// Where that holds: a standby that was promoted without the last commits gives their positions to other rows.
        let timeline: PostgresTimeline?
    }

    /// What an attempt came to.
    enum Outcome: Sendable {
        /// Another process is at it.
        case busy
        /// A transaction that may still write below the mark goes on.
        case unsettled
        /// The mark is of before a failover.
        case outdated
        /// There was nothing to seal.
        case idle
        /// A seal was added.
        case sealed(Head, rows: Int, isMore: Bool)
    }

    let postgres: PostgresClient
    let authenticator: RecordAuthenticator

    /// The last seal.
    func head() async throws(PostgresError) -> Head {
        guard let row = try await postgres.query(SealStatements.head).first else { return .none }
        return try Head(row)
    }

    /// Marks where the log ends now.
    func mark() async throws -> Mark {
        let timeline = postgres.timeline
        // In this order: whoever drew a position had an id by then, so that its id is lower than the one taken here.
        let answers = try await postgres.pipeline([
            PostgresStep(SealStatements.drawn), PostgresStep(SealStatements.ownTransaction),
        ])
        guard let drawn = answers.first?.first, let own = answers.last?.first else { throw Problem.unavailable() }
        return Mark(position: try drawn.decode(0), transaction: try own.decode(0), timeline: timeline)
    }

    /// Seals rows up to a mark, at most `longest`.
    func seal(upTo mark: Mark) async throws -> Outcome {
        try await postgres.transaction { transaction in
            guard try await transaction.flag(SealStatements.tryLock) else { return .busy }
            // Asked with the connection in hand: this is its timeline, or one that has come since.
            guard postgres.timeline == mark.timeline else { return .outdated }
            guard try await transaction.flag(SealStatements.isHistory, [.int8(mark.transaction)]) else {
                return .unsettled
            }
            let before = try await transaction.head()
            let rows = try await transaction.query(
                SealStatements.rows,
                [.int8(before.lastPosition), .int8(mark.position), .int4(Int32(Self.longest))]
            ).map { row throws(PostgresError) in try SealedRow(row) }
            guard let last = rows.last else { return .idle }
            let isMore = rows.count == Self.longest
            let number = before.next
            var parts = SealParts(of: number, keyVersion: authenticator.version, authenticator)
            for row in rows { try parts.add(row) }
            let seal = AuditSeal(
                number: number, firstPosition: before.lastPosition + 1,
                lastPosition: isMore ? last.position : mark.position, rowCount: rows.count, droppedBefore: nil,
                firstKept: nil, sealedAt: Self.now(), keyVersion: authenticator.version, parts: parts.parts)
            let head = try await transaction.append(seal, after: before, authenticator)
            return .sealed(head, rows: rows.count, isMore: isMore)
        }
    }

    /// Drops what is older than `retention`, and adds a seal that tells so: without it, rows that are gone look removed.
    /// - Returns: Where something was dropped, how many months and the head after it.
    func retire(_ retention: Duration) async throws -> (partitions: Int, head: Head)? {
        try await postgres.transaction { transaction in
            _ = try await transaction.query(SealStatements.lock)
            let seconds = PostgresValue.float8(Double(retention.components.seconds))
            guard let month = try await transaction.query(SealStatements.retention, [seconds]).first else { return nil }
            let droppedBefore: Int64 = try month.decode(0)
            let dropped = try await transaction.query(SealStatements.drop, [.int8(droppedBefore)]).first
            guard let dropped, case let count = try dropped.decode(0, as: Int.self), count > 0 else { return nil }
            let before = try await transaction.head()
            let first = try await transaction.query(SealStatements.firstWithRows, [.int8(droppedBefore)]).first
            // The seal before the first that is needed stays: the first one's hash is over its hash.
            let needed: Int64 = try first?.decode(0, as: Int64?.self) ?? before.next
            let firstKept = max(1, needed - 1)
            let seal = AuditSeal(
                number: before.next, firstPosition: before.lastPosition + 1, lastPosition: before.lastPosition,
                rowCount: 0, droppedBefore: droppedBefore, firstKept: firstKept, sealedAt: Self.now(),
                keyVersion: authenticator.version, parts: [])
            let head = try await transaction.append(seal, after: before, authenticator)
            _ = try await transaction.query(SealStatements.prune, [.int8(firstKept)])
            return (count, head)
        }
    }

    private static func now() -> Int64 { Int64((Date().timeIntervalSince1970 * 1_000_000).rounded()) }
}

extension PostgresTransaction {
    fileprivate func flag(
        _ statement: PostgresStatement, _ parameters: [PostgresValue] = []
    ) async throws(PostgresError) -> Bool {
        guard let row = try await query(statement, parameters).first else { return false }
        return try row.decode(0)
    }

    fileprivate func head() async throws(PostgresError) -> AuditSealer.Head {
        guard let row = try await query(SealStatements.head).first else { return .none }
        return try AuditSealer.Head(row)
    }

    fileprivate func append(
        _ seal: AuditSeal, after before: AuditSealer.Head, _ authenticator: RecordAuthenticator
    ) async throws -> AuditSealer.Head {
        let hash = try seal.hash(after: before.hash, authenticator)
        _ = try await pipeline([
            PostgresStep(
                SealStatements.insertSeal,
                [
                    .int8(seal.number), .int8(seal.firstPosition), .int8(seal.lastPosition),
                    .int4(Int32(seal.rowCount)), .optional(seal.droppedBefore), .optional(seal.firstKept),
                    .int8(seal.sealedAt), .int2(Int16(seal.keyVersion)), .bytea(hash),
                ]),
            PostgresStep(
                SealStatements.insertParts,
                [
                    .int8(seal.number), .uuidArray(seal.parts.map(\.tenant)), .int8Array(seal.parts.map(\.month)),
                    .int4Array(seal.parts.map { Int32($0.rowCount) }),
                    .textArray(seal.parts.map { Hexadecimal.text($0.digest) }),
                ]),
        ])
        return .init(
            number: seal.number, lastPosition: seal.lastPosition, hash: hash, sealedAt: seal.sealedAt,
            next: seal.number + 1)
    }
}

extension AuditSealer.Head {
    /// Reads a row of `SealStatements.head`.
    init(_ row: PostgresRow) throws(PostgresError) {
        number = try row.decode(0, as: Int64?.self) ?? 0
        lastPosition = try row.decode(1, as: Int64?.self) ?? 0
        hash = try row.decode(2, as: [UInt8]?.self) ?? []
        sealedAt = try row.decode(3, as: Int64?.self) ?? 0
        next = try row.decode(4)
    }
}
