import Crypto
import Domain
import FoundationEssentials
import Kit
import Postgres

/// One request of an import: takes its records, and hands the rows on in batches.
struct ImportRun {
    /// Rows of a batch.
    private static let batch = 500
    /// Bytes of the records of a batch.
    private static let batchBytes = 512 << 10
    /// Rows of an import.
    static let longest = 1_000_000

    private let writer: ImportWriter
    private var planner: ImportPlanner
    private var reader: RowReader
    private var hash = SHA256()
    private var waiting: [ImportEntry] = []
    private var waitingBytes = 0
    private var rows = 0
    /// Whether the server knows that there are many users.
    private var isCounted = false
    /// Where an earlier request came to, and what its records were.
    private let reached: (line: Int64, digest: [UInt8])
    private var isPastReached: Bool
    /// Rows that an earlier request had dealt with.
    private(set) var repeated = 0
    /// What is wrong with the first few rows that failed.
    private(set) var failures: [RowOutcome] = []

    init(
        _ writer: ImportWriter, _ planner: ImportPlanner, _ format: TransferFormat,
        reached: (line: Int64, digest: [UInt8])
    ) {
        self.writer = writer
        self.planner = planner
        self.reached = reached
        reader = RowReader(format)
        isPastReached = reached.line == 0
    }

    /// Takes the next record.
    mutating func take(_ record: RawRecord) async throws {
        hash.update(data: record.bytes)
        // A line end, which no record ends with, or a byte that is in no text, for one that can't be read.
        hash.update(data: [record.fault == nil ? 0x0A : 0xFF])
        if reader.expectsColumns { return try reader.readColumns(record) }
        rows += 1
        guard rows <= Self.longest else { throw Problem.payloadTooLarge }
        guard isPastReached else { return try passOver(record) }
        waiting.append(
            ImportEntry(
                line: record.line, lastLine: record.lastLine, digest: Array(hash.finalize()),
                row: reader.read(record)))
        waitingBytes += record.bytes.count
        while waiting.count >= Self.batch || waitingBytes >= Self.batchBytes { try await write() }
    }

    /// Deals with what is left.
    mutating func finish() async throws {
        guard isPastReached else { throw Problem.importDiffers }
        while !waiting.isEmpty { try await write() }
    }

    private mutating func passOver(_ record: RawRecord) throws {
        repeated += 1
        guard record.lastLine >= reached.line else { return }
        guard record.lastLine == reached.line, Array(hash.finalize()) == reached.digest else {
            throw Problem.importDiffers
        }
        isPastReached = true
    }

    private mutating func write() async throws {
        if !isCounted { isCounted = try await writer.countUsers() }
        let step = try await writer.write(waiting, planner)
        planner = step.planner
        waiting.removeFirst(step.outcomes.count)
        waitingBytes = waiting.isEmpty ? 0 : waitingBytes / 2
        for outcome in step.outcomes where outcome.status == .failed && failures.count < 20 {
            failures.append(outcome)
        }
    }
}
