import NIOCore

/// Units waiting for a connection, in order of arrival, with the time by which the first of them expires.
struct UnitQueue {
    private var units = CircularBuffer<Unit>()
    /// No unit expires earlier than this; it may be too early, never too late.
    private(set) var nextExpiry = NIODeadline.distantFuture

    var count: Int { units.count }

    mutating func append(_ unit: Unit) {
        units.append(unit)
        nextExpiry = min(nextExpiry, unit.deadline)
    }

    /// Puts a unit back to the front.
    mutating func prepend(_ unit: Unit) {
        units.prepend(unit)
        nextExpiry = min(nextExpiry, unit.deadline)
    }

    /// The next unit somebody still waits for and that has time left; the expired go to `expire`.
    mutating func first(now: NIODeadline, expire: (Unit) -> Void) -> Unit? {
        while let unit = units.first {
            if !unit.isSettled, unit.deadline > now { return unit }
            units.removeFirst()
            expire(unit)
        }
        nextExpiry = .distantFuture
        return nil
    }

    mutating func removeFirst() {
        units.removeFirst()
    }

    mutating func removeAll() -> CircularBuffer<Unit> {
        defer {
            units.removeAll(keepingCapacity: true)
            nextExpiry = .distantFuture
        }
        return units
    }

    /// Hands out the units whose deadline has passed or whose caller has gone.
    mutating func removeExpired(now: NIODeadline, expire: (Unit) -> Void) {
        guard now >= nextExpiry else { return }
        var kept = CircularBuffer<Unit>(initialCapacity: units.count)
        nextExpiry = .distantFuture
        for unit in units {
            if unit.isSettled || unit.deadline <= now {
                expire(unit)
            } else {
                kept.append(unit)
                nextExpiry = min(nextExpiry, unit.deadline)
            }
        }
        units = kept
    }
}
