import CoreMetrics

/// What readiness would answer, for those who watch: taken anew each time the metrics are read.
struct HealthMetrics: Sendable {
    private static let states = ["ok", "degraded", "down"]

    private let ready: Gauge
    /// For each check a series for each state, 1 for the one it is in.
    private let checks: [String: [Gauge]]

    init(checks names: [String], factory: any MetricsFactory) {
        ready = Gauge(label: "gatehouse_ready", factory: factory)
        checks = Dictionary(
            names.map { name in
                let gauges = Self.states.map {
                    Gauge(
                        label: "gatehouse_check_state", dimensions: [("check", name), ("state", $0)], factory: factory)
                }
                return (name, gauges)
            }, uniquingKeysWith: { first, _ in first })
    }

    func record(_ report: Health.Report) {
        ready.record(report.isReady ? 1 : 0)
        for check in report.checks {
            guard let gauges = checks[check.name] else { continue }
            let present =
                switch check.state {
                case .ok: 0
                case .degraded: 1
                case .down: 2
                }
            for (index, gauge) in gauges.enumerated() { gauge.record(index == present ? 1 : 0) }
        }
    }
}
