import NIOConcurrencyHelpers

/// How the connections of all event loops fare, taken together.
final class Availability: Sendable {
    /// How one connection fares.
    enum Health {
        /// Not needed yet, or being made for the first time.
        case unused
        /// Connected, and the breaker is closed.
        case usable
        /// Lost, not to be made, or not answering.
        case failing
    }

    private let counts = NIOLockedValueBox((usable: 0, failing: 0))

    /// Whether some connection is usable and none is failing.
    var isAvailable: Bool {
        counts.withLockedValue { $0.usable > 0 && $0.failing == 0 }
    }

    func change(from old: Health, to new: Health) {
        counts.withLockedValue { counts in
            switch old {
            case .unused: break
            case .usable: counts.usable -= 1
            case .failing: counts.failing -= 1
            }
            switch new {
            case .unused: break
            case .usable: counts.usable += 1
            case .failing: counts.failing += 1
            }
        }
    }
}
