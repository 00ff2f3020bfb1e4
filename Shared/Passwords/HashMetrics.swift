import Metrics
import NIOCore

/// What the hashing of passwords is watched by: a few additions beside work of some ten milliseconds.
struct HashMetrics: Sendable {
    /// Why a hash was refused.
    enum Refusal {
        /// The queue was full.
        case full
        /// A thread came free only after the deadline.
        case late
    }

    private let depth = Meter(label: "gatehouse_hash_queue_depth")
    private let busy = Meter(label: "gatehouse_hash_workers_busy")
    private let wait = Metrics.Timer(label: "gatehouse_hash_wait_seconds")
    private let hold = Metrics.Timer(label: "gatehouse_hash_held_seconds")
    private let work = Metrics.Timer(label: "gatehouse_hash_seconds")
    private let kept = Counter(label: "gatehouse_hash_memory_total", dimensions: [("memory", "kept")])
    private let other = Counter(label: "gatehouse_hash_memory_total", dimensions: [("memory", "other")])
    private let full = Counter(label: "gatehouse_hash_refused_total", dimensions: [("reason", "queue_full")])
    private let late = Counter(label: "gatehouse_hash_refused_total", dimensions: [("reason", "deadline")])

    init(workers: Int, capacity: Int) {
        Gauge(label: "gatehouse_hash_workers").record(workers)
        // What waits while all workers are at it.
        Gauge(label: "gatehouse_hash_queue_capacity").record(capacity - workers)
        depth.set(0)
        busy.set(0)
    }

    func queued() { depth.increment() }

    func began(afterWaiting amount: TimeAmount) {
        depth.decrement()
        busy.increment()
        wait.recordNanoseconds(amount.nanoseconds)
    }

    /// - Parameter amount: How long it took; nil where it was refused.
    func ended(after amount: TimeAmount?) {
        busy.decrement()
        if let amount { work.recordNanoseconds(amount.nanoseconds) }
    }

    /// - Parameter amount: How long the result waited for those of others.
    func held(for amount: TimeAmount) { hold.recordNanoseconds(amount.nanoseconds) }

    /// Counts a hash by its memory. Those of other schemes have none of what is kept.
    func worked(inKeptMemory isKept: Bool) { isKept ? kept.increment() : other.increment() }

    /// What waited will not be begun.
    func abandoned() { depth.decrement() }

    func refused(_ reason: Refusal) {
        switch reason {
        case .full: full.increment()
        case .late: late.increment()
        }
    }
}
