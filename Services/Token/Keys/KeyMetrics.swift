import Metrics

/// What the signing keys are watched by, beside their age, which the admin process knows.
struct KeyMetrics: Sendable {
    private let published = counter("publish")
    private let activated = counter("activate")
    private let replaced = counter("replace")
    private let failures = Counter(label: "gatehouse_signing_key_failures_total")

    init(_ schedule: KeyPlan.Schedule) {
        Gauge(label: "gatehouse_signing_key_rotation_seconds").record(schedule.rotation.components.seconds)
    }

    func count(_ plan: KeyPlan) {
        switch plan {
        case .publish: published.increment()
        case .activate: activated.increment()
        case .replace: replaced.increment()
        case .nothing: break
        }
    }

    /// Keys that need something done did not get it.
    func countFailure() { failures.increment() }

    private static func counter(_ change: String) -> Counter {
        Counter(label: "gatehouse_signing_key_changes_total", dimensions: [("change", change)])
    }
}
