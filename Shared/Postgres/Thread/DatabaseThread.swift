import Glibc
import Logging
import NIOCore
import Retries

/// The one thread that touches the sockets: collects units, spreads them over the connections, hands results back.
///
/// Everything here runs on that thread; others reach it through the exchange only.
final class DatabaseThread {
    let configuration: PostgresConfiguration
    let parameters: ConnectionParameters
    let exchange: UnitExchange
    let signal: WakeSignal
    let logger: Logger
    let tenantStatement: PostgresStatement.Definition

    var slots: [ConnectionSlot]
    var standalone = UnitQueue()
    var openings = UnitQueue()
    var gatherings = Gatherings(patience: slowAfter)
    var completions = Completions()
    var metrics: PostgresMetrics
    var now = NIODeadline.now()
    /// No unanswered unit expires earlier than this.
    var nextAnswerExpiry = NIODeadline.distantFuture
    /// Since when no connection is up; nil while one is.
    var downSince: NIODeadline?
    var lastReason = "no connection has been made yet"
    /// The server that the last connection was made to: the next one is tried there first, so that all go to one.
    var preferredServer = 0
    /// The latest timeline seen.
    var timeline: PostgresTimeline?
    /// As last seen; the thread does not sleep while the exchange says otherwise.
    private var phase = UnitExchange.Phase.created
    /// A connection went after units were placed: some of those that wait may go now, and nothing else would tell.
    var mustPlaceAgain = false
    /// When a shutdown under way ends, ready or not.
    var stopsBy: NIODeadline?
    private var collected: [Unit] = []
    private var polled: [pollfd] = []
    private var polledSlots: [Int] = []

    init(
        configuration: PostgresConfiguration, parameters: ConnectionParameters, exchange: UnitExchange,
        signal: WakeSignal, metrics: PostgresMetrics, logger: Logger
    ) {
        self.configuration = configuration
        self.parameters = parameters
        self.exchange = exchange
        self.signal = signal
        self.metrics = metrics
        self.logger = logger
        let backoff = Backoff(minimum: configuration.reconnectMinimum, maximum: configuration.reconnectMaximum)
        slots = Array(repeating: ConnectionSlot(backoff: backoff), count: min(max(configuration.connections, 1), 16))
        // The name of the setting comes from the configuration, not from a request; quoted all the same.
        let setting = configuration.tenantSetting.replacing("'", with: "''")
        tenantStatement = PostgresStatement.Definition(
            name: "gatehouse_scope", parameters: [.uuid], sql: "select set_config('\(setting)', $1::text, true)")
        downSince = now
        metrics.record(connectionsWanted: slots.count)
    }

    /// Runs until the client has stopped and what it had is finished.
    func run() {
        var isFinished = false
        while !isFinished {
            waitForEvents()
            now = .now()
            receive()
            collect()
            place()
            expire()
            reconnect()
            publishLink()
            isFinished = finishIfStopped()
            completions.deliver()
            metrics.flush(
                queueDepth: waiting,
                inFlight: slots.reduce(0) { $0 + ($1.connection?.load ?? 0) })
        }
    }

    /// Units that wait for a connection, or to be gathered.
    private var waiting: Int { standalone.count + openings.count + gatherings.waiting }

    var mayConnect: Bool { phase == .running }

    // One pass, step by step

    private func waitForEvents() {
        polled.removeAll(keepingCapacity: true)
        polledSlots.removeAll(keepingCapacity: true)
        polled.append(pollfd(fd: signal.descriptor, events: Int16(POLLIN), revents: 0))
        for (index, slot) in slots.enumerated() {
            guard let connection = slot.connection else { continue }
            let events = POLLIN | (connection.wantsWrite ? POLLOUT : 0)
            polled.append(pollfd(fd: connection.descriptor, events: Int16(events), revents: 0))
            polledSlots.append(index)
        }
        let (waiting, mustPlaceAgain) = (waiting, mustPlaceAgain)
        self.mustPlaceAgain = false
        let mustLook = exchange.withState { [phase] state -> Bool in
            state.waiting = waiting
            guard !mustPlaceAgain, state.units.isEmpty, state.attempts.isEmpty, state.phase == phase else {
                return true
            }
            state.needsWake = true
            return false
        }
        // Interrupted or out of memory, poll reports nothing: the pass then does what time alone demands.
        if poll(&polled, nfds_t(polled.count), mustLook ? 0 : millisecondsToNextEvent()) < 0 {
            for index in polled.indices { polled[index].revents = 0 }
        }
        if polled[0].revents != 0 { signal.lower() }
    }

    private func receive() {
        for (position, index) in polledSlots.enumerated() where polled[position + 1].revents != 0 {
            guard let connection = slots[index].connection else { continue }
            let revents = CInt(polled[position + 1].revents)
            if revents & ~POLLOUT != 0 {
                connection.receive(now: now) { accept($0) }
            } else {
                connection.flush()
            }
        }
        condemnReadOnly()
    }

    private func accept(_ answer: PipelinedConnection.Answer) {
        switch answer {
        case .finished(let unit, let outcome):
            if let sentAt = unit.sentAt { metrics.record(roundtrip: now - sentAt) }
            complete(unit, outcome)
        case .again(let unit):
            // One more than there are connections: each may turn out to have lost the statement.
            guard unit.preparations <= slots.count else {
                complete(unit, .failure(unit.failure ?? .closed))
                return
            }
            unit.reset()
            unit.preparations += 1
            standalone.prepend(unit)
        }
    }

    private func collect() {
        // Two buffers take turns, so that neither side allocates under the lock.
        let (attempts, phase) = exchange.withState { state in
            state.needsWake = false
            swap(&state.units, &collected)
            // Counted as waiting until they are known to be sent, or the bound would be none meanwhile.
            state.waiting += collected.count
            defer { state.attempts.removeAll() }
            return (state.attempts, state.phase)
        }
        self.phase = phase
        if phase == .stopping, stopsBy == nil { stopsBy = now + configuration.shutdownTimeout }
        for attempt in attempts { conclude(attempt.outcome, slot: attempt.slot) }
        for unit in collected {
            switch unit.kind {
            case .standalone where unit.gathered != nil: gatherings.append(unit)
            case .standalone: standalone.append(unit)
            case .opening: openings.append(unit)
            case .within(let reservation), .closing(let reservation, _): placeBound(unit, reservation)
            }
        }
        collected.removeAll(keepingCapacity: true)
    }

    func complete(_ unit: Unit, _ outcome: Unit.Outcome) {
        if unit.gathered != nil { gatherings.end(unit) }
        guard unit.members.isEmpty else {
            tellMembers(of: unit, outcome)
            return
        }
        metrics.count(outcome)
        completions.add(unit, outcome)
    }

    /// Milliseconds for `poll`, rounded up so that the thread does not wake just before the time; -1 for no end.
    private func millisecondsToNextEvent() -> CInt {
        var next = min(standalone.nextExpiry, openings.nextExpiry, nextAnswerExpiry)
        if let stopsBy { next = min(next, stopsBy) }
        next = min(next, gatherings.nextEvent(now: now))
        if let downSince, waiting > 0 {
            next = min(next, downSince + configuration.acquireTimeout)
        }
        for slot in slots {
            switch slot.state {
            case .away(let until): if mayConnect { next = min(next, until) }
            case .connecting: break
            case .up(let connection):
                if connection.load > 0 {
                    next = min(next, stallTime(of: connection))
                } else if connection.reservation == nil {
                    next = min(next, connection.expiresAt)
                }
            }
        }
        guard next < .distantFuture else { return -1 }
        let nanoseconds = (next - .now()).nanoseconds
        return nanoseconds <= 0 ? 0 : CInt(min((nanoseconds + 999_999) / 1_000_000, 60_000))
    }

    private func finishIfStopped() -> Bool {
        guard let stopsBy else { return false }
        let isIdle =
            waiting == 0
            && slots.allSatisfy { $0.connection.map { $0.load == 0 && $0.reservation == nil } ?? true }
        guard isIdle || now >= stopsBy || downSince != nil else { return false }
        let late = exchange.withState { state -> ([Unit], [Connector.Outcome]) in
            state.phase = .closed
            state.connectionsUp = 0
            defer {
                state.units = []
                state.attempts = []
            }
            return (state.units, state.attempts.map(\.outcome))
        }
        for unit in late.0 { complete(unit, .failure(.closed)) }
        for case .established(let connection) in late.1 { connection.close() }
        for unit in standalone.removeAll() { complete(unit, .failure(.closed)) }
        for unit in openings.removeAll() { complete(unit, .failure(.closed)) }
        for unit in gatherings.removeAll() { complete(unit, .failure(.closed)) }
        for index in slots.indices { close(slot: index, reason: "the client was shut down") }
        metrics.record(connectionsUp: 0)
        return true
    }
}
