import Kit
import Synchronization

/// How the access tokens that came were judged, and what is remembered of them.
///
/// Each event loop counts for itself; the sums are made when the metrics are read.
final class TokenCheckMetrics: Sendable {
    /// Of one event loop, which alone writes: others only read, so that no addition has to be an atomic one.
    final class Tally: Sendable {
        /// Found in the cache.
        private let hits = Atomic(0)
        /// Verified by their signature, or refused.
        private let misses = Atomic(0)
        private let remembered = Atomic(0)

        func hit() { hits.store(hits.load(ordering: .relaxed) + 1, ordering: .relaxed) }
        func miss() { misses.store(misses.load(ordering: .relaxed) + 1, ordering: .relaxed) }
        func remembers(_ count: Int) { remembered.store(count, ordering: .relaxed) }

        fileprivate var counts: (hits: Int, misses: Int, remembered: Int) {
            (hits.load(ordering: .relaxed), misses.load(ordering: .relaxed), remembered.load(ordering: .relaxed))
        }
    }

    private let tallies = Mutex<[Tally]>([])

    /// The tally of one more event loop.
    func tally() -> Tally {
        let tally = Tally()
        tallies.withLock { $0.append(tally) }
        return tally
    }

    func show(in registry: PrometheusRegistry) {
        func sum(_ count: @escaping @Sendable (Tally) -> Int) -> @Sendable () -> Double {
            { Double(self.tallies.withLock { $0 }.reduce(0) { $0 + count($1) }) }
        }
        let lookups = "gatehouse_token_cache_lookups_total"
        registry.observeCounter(lookups, dimensions: [("result", "hit")], sum { $0.counts.hits })
        registry.observeCounter(lookups, dimensions: [("result", "miss")], sum { $0.counts.misses })
        let entries = sum { $0.counts.remembered }
        registry.observeGauge("gatehouse_token_cache_entries") { entries() }
    }
}
