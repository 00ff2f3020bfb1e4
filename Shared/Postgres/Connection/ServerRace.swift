import Glibc
import NIOConcurrencyHelpers

/// Tries several servers, each on a thread of its own: the next begins when the one before has failed, or has taken so
/// long that it may be a black hole or its name's lookup may hang. The first that can be used is taken.
struct ServerRace {
    /// How long the others wait for one that says nothing: RFC 8305 (section 5) has 250 ms for addresses.
    private static let headStart: CInt = 250

    private struct State {
        var outcomes: [Connector.Outcome] = []
        var isOver = false
    }

    private let connector: Connector
    private let state = NIOLockedValueBox(State())

    init(_ connector: Connector) {
        self.connector = connector
    }

    /// Blocks until a connection is made or all servers have failed.
    func run() -> Connector.Outcome {
        guard let signal = WakeSignal() else { return .failed(reason: "no file descriptor left") }
        var (begun, underWay) = (0, 0)
        var reasons: [String] = []
        let count = connector.parameters.servers.count
        while true {
            if begun < count {
                begin((connector.first + begun) % count, signal)
                (begun, underWay) = (begun + 1, underWay + 1)
            }
            var polled = pollfd(fd: signal.descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&polled, 1, begun < count ? Self.headStart : -1) > 0 { signal.lower() }
            let outcomes = state.withLockedValue { state in
                defer { state.outcomes = [] }
                return state.outcomes
            }
            underWay -= outcomes.count
            var winner: EstablishedConnection?
            for outcome in outcomes {
                switch outcome {
                case .failed(let reason): reasons.append(reason)
                case .established(let connection) where winner == nil: winner = connection
                case .established(let connection): connection.close()
                }
            }
            if let winner {
                end()
                return .established(winner)
            }
            if underWay == 0, begun == count { return .failed(reason: reasons.joined(separator: "; ")) }
        }
    }

    private func begin(_ server: Int, _ signal: WakeSignal) {
        let (connector, state) = (connector, state)
        let deliver = { @Sendable (outcome: Connector.Outcome) in
            let isLate = state.withLockedValue { state in
                if !state.isOver { state.outcomes.append(outcome) }
                return state.isOver
            }
            if isLate, case .established(let connection) = outcome { connection.close() }
            signal.raise()
        }
        let isStarted = DetachedThread.start(name: "pg-connect") { deliver(connector.connect(to: server)) }
        if !isStarted { deliver(.failed(reason: "no thread to connect on")) }
    }

    /// Those that come later close what they have made.
    private func end() {
        let late = state.withLockedValue { state in
            state.isOver = true
            defer { state.outcomes = [] }
            return state.outcomes
        }
        for case .established(let connection) in late { connection.close() }
    }
}
