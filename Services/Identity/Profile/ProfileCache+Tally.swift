import Kit
import Synchronization

extension ProfileCache {
    /// What came of questions for a profile.
    enum Lookup: Sendable {
        case hit
        case miss
        /// Not looked up: changes are not heard of just now, or the caller wants no cached answer.
        case bypass
    }

    /// How often which.
    final class Tally: Sendable {
        private let hits = Atomic(0)
        private let misses = Atomic(0)
        private let bypasses = Atomic(0)

        func count(_ lookup: Lookup) {
            switch lookup {
            case .hit: hits.add(1, ordering: .relaxed)
            case .miss: misses.add(1, ordering: .relaxed)
            case .bypass: bypasses.add(1, ordering: .relaxed)
            }
        }

        func value(of lookup: Lookup) -> Int {
            switch lookup {
            case .hit: hits.load(ordering: .relaxed)
            case .miss: misses.load(ordering: .relaxed)
            case .bypass: bypasses.load(ordering: .relaxed)
            }
        }
    }

    func show(in registry: PrometheusRegistry) {
        let lookups = "gatehouse_profile_cache_lookups_total"
        let results: KeyValuePairs<String, Lookup> = ["hit": .hit, "miss": .miss, "bypass": .bypass]
        for (name, lookup) in results {
            registry.observeCounter(lookups, dimensions: [("result", name)]) { [tally] in
                Double(tally.value(of: lookup))
            }
        }
        registry.observeGauge("gatehouse_profile_cache_entries") { Double(self.count) }
    }
}
