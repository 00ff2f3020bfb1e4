import NIOConcurrencyHelpers
import NIOCore

/// Where callers and the database thread meet: a queue under a lock, and the signal that wakes the thread.
final class UnitExchange: Sendable {
    /// What submitting needs to know of the link.
    enum Link: Sendable {
        /// A connection is up, or has been away for so short a time that waiting is worth while.
        case usable
        case down(reason: String)
    }

    enum Phase: Sendable {
        case created, running, stopping, closed
    }

    struct State: Sendable {
        var phase = Phase.created
        /// What callers are told once the phase is `closed`.
        var closedBecause = PostgresError.closed
        var link = Link.usable
        var connectionsUp = 0
        var timeline: PostgresTimeline?
        /// Submitted and not yet collected.
        var units: [Unit] = []
        /// Collected by the thread and not yet sent.
        var waiting = 0
        var attempts: [(slot: Int, outcome: Connector.Outcome)] = []
        /// Set while the thread sleeps and nobody has seen to waking it.
        var needsWake = false
        /// Units without statements that wait for a connection to be up.
        var readyWaiters: [Unit] = []
        var runWaiter: UnsafeContinuation<Void, Never>?
        var hasEnded = false
    }

    let maxQueued: Int
    private let signal: WakeSignal?
    private let state = NIOLockedValueBox(State())

    init(maxQueued: Int, signal: WakeSignal?) {
        self.maxQueued = maxQueued
        self.signal = signal
    }

    func withState<R>(_ body: (inout State) throws -> R) rethrows -> R {
        try state.withLockedValue(body)
    }

    /// Queues a unit, or says why not. Wakes the thread at most once for all units that gather until it looks.
    func submit(_ unit: Unit) -> PostgresError? {
        var mustWake = false
        let refused = state.withLockedValue { state -> PostgresError? in
            if let refused = refusal(of: unit, state) { return refused }
            state.units.append(unit)
            guard state.needsWake else { return nil }
            state.needsWake = false
            mustWake = true
            return nil
        }
        if mustWake { signal?.raise() }
        return refused
    }

    private func refusal(of unit: Unit, _ state: State) -> PostgresError? {
        switch unit.kind {
        case .within, .closing:
            // A transaction under way may end, even while shutting down.
            return state.phase == .closed ? state.closedBecause : nil
        case .standalone, .opening:
            guard state.phase == .created || state.phase == .running else { return state.closedBecause }
            if case .down(let reason) = state.link { return .unavailable(reason: reason) }
            return state.units.count + state.waiting >= maxQueued ? .overloaded : nil
        }
    }

    /// Wakes the thread unless somebody did since it went to sleep.
    func wake() {
        let mustWake = state.withLockedValue { state -> Bool in
            defer { state.needsWake = false }
            return state.needsWake
        }
        if mustWake { signal?.raise() }
    }

    /// Brings a connector's result to the thread. One that comes too late is closed here.
    func deliver(_ outcome: Connector.Outcome, to slot: Int) {
        let isWelcome = state.withLockedValue { state -> Bool in
            guard state.phase != .closed else { return false }
            state.attempts.append((slot, outcome))
            return true
        }
        if isWelcome {
            wake()
        } else if case .established(let connection) = outcome {
            connection.close()
        }
    }

    /// Refuses everything from the start, because the client can't work.
    func fail(_ reason: PostgresError) {
        state.withLockedValue { state in
            state.phase = .closed
            state.closedBecause = reason
        }
    }

    /// Allows the thread to connect. Throws where the client can't work or was run before.
    func begin() throws(PostgresError) {
        let refusal = state.withLockedValue { state -> PostgresError? in
            guard state.phase == .created else { return state.closedBecause }
            state.phase = .running
            return nil
        }
        if let refusal { throw refusal }
        wake()
    }

    /// Resumes the waiter once the thread has ended.
    func awaitEnd(_ waiter: UnsafeContinuation<Void, Never>) {
        let isOver = state.withLockedValue { state -> Bool in
            if !state.hasEnded { state.runWaiter = waiter }
            return state.hasEnded
        }
        if isOver { waiter.resume() }
    }

    /// The thread's last word.
    func end() {
        let waiter = state.withLockedValue { state -> UnsafeContinuation<Void, Never>? in
            state.hasEnded = true
            defer { state.runWaiter = nil }
            return state.runWaiter
        }
        waiter?.resume()
    }

    /// Settles the unit, which has no statements, when a connection is up or there will be none.
    func awaitConnection(_ unit: Unit) {
        let outcome = state.withLockedValue { state -> Unit.Outcome? in
            switch state.phase {
            case .stopping, .closed: return .failure(state.closedBecause)
            case .created, .running: break
            }
            if state.connectionsUp > 0 { return .success([]) }
            state.readyWaiters.removeAll(where: \.isSettled)
            state.readyWaiters.append(unit)
            return nil
        }
        if let outcome, unit.settle(outcome) { unit.resume() }
    }

    /// Publishes how many connections are up.
    func connectionsChanged(up: Int) {
        let waiters = state.withLockedValue { state -> [Unit] in
            state.connectionsUp = up
            guard up > 0 else { return [] }
            state.link = .usable
            defer { state.readyWaiters = [] }
            return state.readyWaiters
        }
        for unit in waiters where unit.settle(.success([])) { unit.resume() }
    }

    /// Asks the thread to finish what it has and end.
    func stop() {
        let waiters = state.withLockedValue { state -> [Unit] in
            guard state.phase == .created || state.phase == .running else { return [] }
            state.phase = .stopping
            defer { state.readyWaiters = [] }
            return state.readyWaiters
        }
        for unit in waiters where unit.settle(.failure(.closed)) { unit.resume() }
        wake()
    }
}
