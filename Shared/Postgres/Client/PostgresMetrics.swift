import Metrics
import NIOCore

/// The driver's instruments. Counts of a pass of the database thread are added up first and recorded once.
struct PostgresMetrics: Sendable {
    enum Outcome: Int, CaseIterable {
        case ok, server, deadline, unavailable, overloaded, cancelled, other

        init(_ outcome: Unit.Outcome) {
            switch outcome {
            case .success: self = .ok
            case .failure(let error): self.init(error)
            }
        }

        init(_ error: PostgresError) {
            switch error {
            case .server: self = .server
            case .deadlineExceeded: self = .deadline
            case .unavailable: self = .unavailable
            case .overloaded: self = .overloaded
            case .cancelled: self = .cancelled
            default: self = .other
            }
        }
    }

    private let queueDepth = Gauge(label: "gatehouse_postgres_queue_depth")
    private let inFlight = Gauge(label: "gatehouse_postgres_in_flight")
    private let connectionsWanted = Gauge(label: "gatehouse_postgres_connections_wanted")
    private let connectionsUp = Gauge(label: "gatehouse_postgres_connections_up")
    private let reconnects = Counter(label: "gatehouse_postgres_reconnects_total")
    private let connectFailures = Counter(label: "gatehouse_postgres_connect_failures_total")
    private let wait = Metrics.Timer(label: "gatehouse_postgres_wait_seconds")
    private let roundtrip = Metrics.Timer(label: "gatehouse_postgres_roundtrip_seconds")
    private let units = Outcome.allCases.map {
        Counter(label: "gatehouse_postgres_units_total", dimensions: [("outcome", "\($0)")])
    }
    private var pending = [Int64](repeating: 0, count: Outcome.allCases.count)
    private var lastDepth = -1
    private var lastInFlight = -1

    mutating func count(_ outcome: Unit.Outcome) {
        pending[Outcome(outcome).rawValue] += 1
    }

    /// Time from sending a unit to its last result.
    func record(roundtrip amount: TimeAmount) {
        roundtrip.recordNanoseconds(amount.nanoseconds)
    }

    /// Time from being handed over to being sent.
    func record(wait amount: TimeAmount) {
        wait.recordNanoseconds(amount.nanoseconds)
    }

    func record(connectionsWanted count: Int) {
        connectionsWanted.record(count)
    }

    func record(connectionsUp count: Int) {
        connectionsUp.record(count)
    }

    /// A connection that was there is lost, or has had its day, and is made again.
    func countReconnect() { reconnects.increment() }

    /// An attempt to connect failed.
    func countConnectFailure() { connectFailures.increment() }

    /// - Parameters:
    ///   - depth: Units that wait for a connection.
    ///   - sent: Units whose answer is awaited.
    mutating func flush(queueDepth depth: Int, inFlight sent: Int) {
        if sent != lastInFlight {
            lastInFlight = sent
            inFlight.record(sent)
        }
        for position in pending.indices where pending[position] > 0 {
            units[position].increment(by: pending[position])
            pending[position] = 0
        }
        guard depth != lastDepth else { return }
        lastDepth = depth
        queueDepth.record(depth)
    }

    /// Counts a unit that never reached the thread.
    func countRefused(_ error: PostgresError) {
        units[Outcome(error).rawValue].increment()
    }
}
