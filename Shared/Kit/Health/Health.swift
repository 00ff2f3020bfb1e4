public import Octets
import FoundationEssentials
import NIOConcurrencyHelpers

/// What a process says of itself and of what it leans on.
public final class Health: Sendable {
    /// How one dependency fares.
    public enum State: Sendable, Equatable {
        /// All well.
        case ok
        /// Away, but the process does without it (failure policy).
        case degraded(String)
        /// Away, and requests that need it can't be answered.
        case down(String)
    }

    /// One dependency.
    public struct Check: Sendable {
        let name: String
        let state: @Sendable () async -> State

        /// A dependency of that name, asked by `state`, which must answer fast.
        public init(_ name: String, _ state: @escaping @Sendable () async -> State) {
            self.name = name
            self.state = state
        }
    }

    private enum Phase: Sendable {
        case starting
        case running
        case draining
    }

    private let service: String
    private let version: String
    private let environment: String
    private let checks: [Check]
    private let phase = NIOLockedValueBox(Phase.starting)

    /// The health of a process.
    public init(service: String, version: String, environment: String, checks: [Check]) {
        self.service = service
        self.version = version
        self.environment = environment
        self.checks = checks
    }

    /// The names of the dependencies.
    var checkNames: [String] { checks.map(\.name) }

    /// Start-up is over: requests may come.
    public func started() {
        phase.withLockedValue { if case .starting = $0 { $0 = .running } }
    }

    /// Shutdown has begun: readiness turns red so that balancers look elsewhere.
    public func draining() {
        phase.withLockedValue { $0 = .draining }
    }

    /// Whether start-up is over.
    public var hasStarted: Bool {
        phase.withLockedValue { if case .starting = $0 { false } else { true } }
    }

    /// What readiness answers.
    public struct Report: Sendable {
        /// `ok`, `degraded`, `unavailable`, `starting` or `draining`.
        public let status: String
        /// Whether requests should be sent here.
        public let isReady: Bool
        /// Each dependency.
        public let checks: [(name: String, state: State)]
    }

    /// Asks every dependency.
    public func report() async -> Report {
        var states: [(name: String, state: State)] = []
        for check in checks { states.append((check.name, await check.state())) }
        let isDown = states.contains { if case .down = $0.state { true } else { false } }
        let isDegraded = states.contains { $0.state != .ok }
        switch phase.withLockedValue({ $0 }) {
        case .starting: return Report(status: "starting", isReady: false, checks: states)
        case .draining: return Report(status: "draining", isReady: false, checks: states)
        case .running:
            let status = isDown ? "unavailable" : isDegraded ? "degraded" : "ok"
            return Report(status: status, isReady: !isDown, checks: states)
        }
    }

    /// The report as JSON.
    public func json(_ report: Report) -> JSONWriter {
        var json = JSONWriter()
        json.beginObject()
        json.member("status", report.status)
        json.member("service", service)
        json.member("version", version)
        json.member("environment", environment)
        json.member("timestamp", Date())
        json.name("checks")
        json.beginObject()
        for (name, state) in report.checks {
            json.name(name)
            json.beginObject()
            json.name("status")
            switch state {
            case .ok:
                json.value("ok")
            case .degraded(let reason):
                json.value("degraded")
                json.member("reason", reason)
            case .down(let reason):
                json.value("down")
                json.member("reason", reason)
            }
            json.endObject()
        }
        json.endObject()
        json.endObject()
        return json
    }
}
