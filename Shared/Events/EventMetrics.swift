import FoundationEssentials
import Metrics

/// What the following of events is watched by.
struct EventMetrics: Sendable {
    private let applied = Counter(label: "gatehouse_events_applied_total")
    private let told = Counter(label: "gatehouse_events_told_total", dimensions: [("outcome", "applied")])
    private let refused = Counter(label: "gatehouse_events_told_total", dimensions: [("outcome", "refused")])
    private let failures = Counter(label: "gatehouse_events_read_failures_total")
    private let delay = Timer(label: "gatehouse_events_delay_seconds")
    private let newest = Gauge(label: "gatehouse_events_newest_timestamp_seconds")
    private let lastPoll = Gauge(label: "gatehouse_events_last_poll_timestamp_seconds")
    private let cursor = Gauge(label: "gatehouse_events_cursor")
    private let current = Gauge(label: "gatehouse_events_current")

    init() {
        // Until the first poll the age of the last one is the time since the start.
        lastPoll.record(Date().timeIntervalSince1970)
        current.record(0)
    }

    func countApplied() { applied.increment() }
    func countFailure() { failures.increment() }

    /// Counts what a hint told itself.
    func countTold(_ hint: EventHint) {
        if !hint.ended.isEmpty { told.increment(by: hint.ended.count) }
        if hint.refused > 0 { refused.increment(by: hint.refused) }
    }

    /// An event was applied that is newer than all of its kind before it.
    /// - Parameter isFollowed: Whether it is news, not a part of the past that is read at the start.
    func record(newest event: Event, isFollowed: Bool, now: Date = Date()) {
        newest.record(event.createdAt.timeIntervalSince1970)
        // The clocks of the database and of this machine may differ a little.
        if isFollowed { delay.recordNanoseconds(Int64(max(0, now.timeIntervalSince(event.createdAt)) * 1e9)) }
    }

    /// Everything that Postgres had was read.
    func recordPoll(upTo position: EventCursor, now: Date = Date()) {
        lastPoll.record(now.timeIntervalSince1970)
        cursor.record(position.transaction)
        current.record(1)
    }
}
