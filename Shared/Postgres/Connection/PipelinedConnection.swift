import CLibPQ
import FoundationEssentials
import Glibc
import NIOCore

/// One connection in pipeline mode: owns the `PGconn`, sends units, and matches results to them in order.
///
/// Belongs to the database thread alone.
final class PipelinedConnection {
    /// What the next results answer, in the order things were sent.
    private enum Expectation {
        case preparation(PostgresStatement.Definition, PreparedStatements.Entry)
        /// BEGIN, whose result nobody reads.
        case opening
        /// The tenant setting, whose result nobody reads either.
        case scope(PreparedStatements.Entry)
        case step(PreparedStatements.Entry)
        case closing(commits: Bool)
        case sync

        /// Whether a session that ends here may have ended behind the commit, with only its answer missing.
        var mayHaveCommitted: Bool {
            switch self {
            case .closing(let commits): commits
            case .sync: true
            case .preparation, .opening, .scope, .step: false
            }
        }
    }

    /// What became of a unit whose last result arrived.
    enum Answer {
        case finished(Unit, Unit.Outcome)
        /// To be sent again: a statement was no longer prepared, and the server ran nothing of it.
        case again(Unit)
    }

    /// To be polled; constant while the connection lives.
    let descriptor: CInt
    /// Which of the servers it leads to, and the timeline written there.
    let server: Int
    let timeline: PostgresTimeline?
    private let pointer: OpaquePointer
    private let redaction: Redaction
    private let tenantStatement: PostgresStatement.Definition
    private let isTCP: Bool
    private let tls: PendingTLSBytes?

    private var units = CircularBuffer<Unit>()
    private var expectations = CircularBuffer<Expectation>()
    private var prepared = PreparedStatements()
    private var isCorked = false
    /// The server said farewell: what it has not answered by then, it never ran.
    private var sawFarewell = false

    /// When the last result arrived.
    private(set) var lastProgress: NIODeadline
    /// Why the connection can no longer be used.
    private(set) var failure: String?
    /// Takes no more units; to be closed once all are answered.
    private(set) var isCondemned = false
    /// The server refused a write because it takes none.
    private(set) var turnedReadOnly = false
    /// Output is left that the socket did not take yet.
    private(set) var wantsWrite = false
    let expiresAt: NIODeadline
    var reservation: Reservation?
    /// Its oldest unit has waited conspicuously long: others are better served elsewhere.
    var isSlow = false

    init(
        _ established: EstablishedConnection, tenantStatement: PostgresStatement.Definition, redaction: Redaction,
        now: NIODeadline, expiresAt: NIODeadline
    ) {
        pointer = established.pointer
        descriptor = PQsocket(established.pointer)
        server = established.server
        timeline = established.timeline
        self.tenantStatement = tenantStatement
        self.redaction = redaction
        self.expiresAt = expiresAt
        lastProgress = now
        // libpq gives a socket's directory as the host.
        let host = PQhost(pointer).map { UInt8(bitPattern: $0.pointee) }
        isTCP = host != UInt8(ascii: "/") && host != UInt8(ascii: "@")
        tls = PQsslInUse(pointer) == 1 ? PendingTLSBytes(pointer) : nil
    }

    deinit {
        PQfinish(pointer)
    }

    /// Units sent and not answered.
    var load: Int { units.count }

    var oldest: Unit? { units.first }

    var unanswered: CircularBuffer<Unit> { units }

    func condemn() {
        isCondemned = true
    }

    /// The units that will not be answered any more, to be called once, after `failure` was set or on closing.
    func abandon() -> CircularBuffer<Unit> {
        defer { units.removeAll() }
        return units
    }

    /// What a unit among the abandoned is to be told.
    func farewell(for unit: Unit, reason: String) -> PostgresError {
        unit.failure ?? .unavailable(reason: reason, mayHaveCommitted: unit.commitsWhenSent && !sawFarewell)
    }

    func fail(_ reason: String) {
        if failure == nil { failure = redaction.apply(reason) }
    }

    private func failFromLibrary() {
        let message = String(cString: PQerrorMessage(pointer))
        fail(message.isEmpty ? "the connection broke" : message)
    }

    // Sending

    /// Holds segments back until `endBatch`, so that a batch does not travel in a packet a unit.
    func beginBatch() {
        guard isTCP, !isCorked else { return }
        isCorked = true
        setCork(1)
    }

    /// Lets go what was held back, and notes whether the socket took all.
    func endBatch() {
        if isCorked {
            isCorked = false
            setCork(0)
        }
        flush()
    }

    private func setCork(_ value: CInt) {
        var value = value
        // Only a matter of speed: a socket that refuses sends at once, as it would without.
        _ = setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    func flush() {
        guard failure == nil else { return }
        switch PQflush(pointer) {
        case 0: wantsWrite = false
        case 1: wantsWrite = true
        default: failFromLibrary()
        }
    }

    /// Queues the unit's statements and a sync. A unit that names a statement ambiguously is refused, with nothing sent.
    func send(_ unit: Unit, now: NIODeadline) throws(PostgresError) {
        for step in unit.steps {
            if let entry = prepared.entry(for: step.definition), entry.sql != step.definition.sql {
                throw .ambiguousStatement(name: step.definition.name)
            }
        }
        if units.isEmpty { lastProgress = now }
        unit.sentAt = now
        units.append(unit)
        let isSent = sendOpening(unit) && sendPreparations(unit) && sendScope(unit) && sendSteps(unit) && sendSync()
        if !isSent { failFromLibrary() }
    }

    /// Ahead of everything else: preparing already takes the snapshot that fixes the isolation level.
    private func sendOpening(_ unit: Unit) -> Bool {
        guard case .opening(_, let isolation) = unit.kind else { return true }
        expectations.append(.opening)
        return sendUnprepared(isolation.begin)
    }

    private func sendPreparations(_ unit: Unit) -> Bool {
        if case .tenant = unit.scope, !prepareIfNeeded(tenantStatement) { return false }
        return unit.steps.allSatisfy { prepareIfNeeded($0.definition) }
    }

    private func prepareIfNeeded(_ definition: PostgresStatement.Definition) -> Bool {
        if prepared.entry(for: definition) != nil { return true }
        let entry = prepared.add(definition)
        expectations.append(.preparation(definition, entry))
        return PQsendPrepare(
            pointer, entry.serverName, definition.sql, CInt(definition.oids.count), definition.oids) == 1
    }

    private func sendScope(_ unit: Unit) -> Bool {
        guard case .tenant(let tenant) = unit.scope else { return true }
        guard let entry = prepared.entry(for: tenantStatement) else { return false }
        expectations.append(.scope(entry))
        return withUnsafeBytes(of: tenant.uuid) { bytes in
            send(tenantStatement, as: entry, bytes: bytes, lengths: [CInt(bytes.count)])
        }
    }

    private func sendSteps(_ unit: Unit) -> Bool {
        if case .closing(_, let commits) = unit.kind {
            expectations.append(.closing(commits: commits))
            return sendUnprepared(commits ? "commit" : "rollback")
        }
        return unit.steps.allSatisfy { step in
            guard let entry = prepared.entry(for: step.definition) else { return false }
            expectations.append(.step(entry))
            return step.bytes.withUnsafeBytes { send(step.definition, as: entry, bytes: $0, lengths: step.lengths) }
        }
    }

    private func sendSync() -> Bool {
        expectations.append(.sync)
        return PQpipelineSync(pointer) == 1
    }

    private func sendUnprepared(_ command: String) -> Bool {
        PQsendQueryParams(pointer, command, 0, nil, nil, nil, nil, 1) == 1
    }

    private func send(
        _ definition: PostgresStatement.Definition, as entry: PreparedStatements.Entry, bytes: UnsafeRawBufferPointer,
        lengths: [CInt]
    ) -> Bool {
        let count = lengths.count
        // The pointers are read before the call returns: libpq copies into its output buffer.
        return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
            var address = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            for index in 0..<count {
                guard lengths[index] >= 0 else {
                    values.initializeElement(at: index, to: nil)
                    continue
                }
                values.initializeElement(at: index, to: address)
                address = address.map { $0 + Int(lengths[index]) }
            }
            return PQsendQueryPrepared(
                pointer, entry.serverName, CInt(count), values.baseAddress, lengths, definition.formats, 1) == 1
        }
    }

    // Receiving

    /// Reads what has arrived. `failure` is set afterwards if the connection broke.
    func receive(now: NIODeadline, _ answer: (Answer) -> Void) {
        repeat {
            let isAlive = PQconsumeInput(pointer) == 1
            drain(now: now, answer)
            if !isAlive { failFromLibrary() }
        } while failure == nil && tls?.isEmpty == false
        if wantsWrite { flush() }
    }

    private func drain(now: NIODeadline, _ answer: (Answer) -> Void) {
        // Null separates the commands' results; several in a row mean that there is nothing more to be had.
        var nulls = 0
        while nulls < 3, failure == nil, PQisBusy(pointer) == 0 {
            guard let result = PQgetResult(pointer) else {
                nulls += 1
                continue
            }
            nulls = 0
            lastProgress = now
            accept(ResultHandle(adopting: result), answer)
        }
    }

    private func accept(_ result: ResultHandle, _ answer: (Answer) -> Void) {
        guard let unit = units.first, let expectation = expectations.first else {
            // An error outside any unit: the server ends the session and says why.
            fail(result.errorMessage)
            return
        }
        switch PQresultStatus(result.pointer) {
        case PGRES_PIPELINE_SYNC:
            guard case .sync = expectation else {
                fail("results out of step")
                return
            }
            expectations.removeFirst()
            units.removeFirst()
            answer(conclude(unit))
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            expectations.removeFirst()
            acceptSuccess(result, of: expectation, unit)
        case PGRES_PIPELINE_ABORTED:
            expectations.removeFirst()
            if case .preparation(let definition, let entry) = expectation {
                prepared.remove(definition, entry, error: nil)
            }
        case PGRES_FATAL_ERROR:
            acceptError(result, of: expectation, unit)
        default:
            // COPY and its like do not fit the pipeline.
            fail("a statement the pipeline cannot carry")
        }
    }

    private func acceptSuccess(_ result: ResultHandle, of expectation: Expectation, _ unit: Unit) {
        switch expectation {
        case .step:
            if result.opensTransaction { unit.opensTransaction = true }
            unit.rows.append(PostgresRows(result))
        case .closing(commits: true) where result.commandTag == "ROLLBACK":
            let message = "the transaction had failed and was rolled back"
            unit.failure = .server(PostgresServerError(sqlState: "25P02", message: message))
        case .preparation(_, let entry):
            prepared.confirm(entry)
        case .opening, .scope, .closing:
            break
        case .sync:
            fail("results out of step")
        }
    }

    private func acceptError(_ result: ResultHandle, of expectation: Expectation, _ unit: Unit) {
        guard let error = result.serverError else {
            // Without a code it is libpq's own: the connection broke.
            failFromLibrary()
            return
        }
        if error.kind == .readOnlyTransaction { turnedReadOnly = true }
        let isFirst = unit.failure == nil
        if isFirst { unit.failure = .server(error) }
        if result.endsSession {
            sawFarewell = true
            if isFirst, expectation.mayHaveCommitted {
                unit.failure = .unavailable(reason: error.message, mayHaveCommitted: unit.commitsWhenSent)
            }
        }
        switch expectation {
        case .preparation(let definition, let entry):
            prepared.remove(definition, entry, error: error)
        case .step(let entry) where error.invalidatesPreparation, .scope(let entry) where error.invalidatesPreparation:
            acceptAbsence(prepared.absence(of: entry), entry, unit)
        case .sync:
            // Commit itself failed, as a deferred constraint can: the sync's own result is still to come.
            return
        default:
            break
        }
        expectations.removeFirst()
    }

    private func acceptAbsence(_ absence: PreparedStatements.Absence, _ entry: PreparedStatements.Entry, _ unit: Unit) {
        switch absence {
        case .refused(let error):
            unit.failure = .server(error)
        case .skipped:
            unit.lostPreparation = true
        case .lost:
            unit.lostPreparation = true
            prepared.forgetAll(epoch: entry.epoch)
        }
    }

    private func conclude(_ unit: Unit) -> Answer {
        if case .standalone = unit.kind {
            if unit.opensTransaction || isInsideTransaction {
                // Left open it would swallow the units behind it, other tenants' included.
                let message = "a unit must not leave a transaction open"
                fail(message)
                unit.failure = .server(PostgresServerError(sqlState: "25001", message: message))
            } else if unit.lostPreparation {
                return .again(unit)
            }
        }
        if let failure = unit.failure { return .finished(unit, .failure(failure)) }
        return .finished(unit, .success(unit.rows))
    }

    /// libpq tells only while nothing is on its way; at other times `opensTransaction` of the results has to do.
    private var isInsideTransaction: Bool {
        let status = PQtransactionStatus(pointer)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }
}
