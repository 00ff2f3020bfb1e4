/// A span or point of time. Points count from 1970 on Redis's clock and from an arbitrary start on this process's.
typealias Microseconds = Int64

/// The generic cell rate algorithm (ITU-T I.371, as a virtual scheduling algorithm): all it remembers of a key is when
/// the next unit would arrive if units came evenly, the theoretical arrival time.
///
/// Pure arithmetic on any numbers: nothing traps, and an arrival time too far ahead (a clock that went back, a value
/// someone else wrote) counts as a bucket just emptied, so no key is locked for longer than its refill.
struct Gcra: Sendable, Hashable {
    /// What a request was told.
    struct Decision: Sendable, Hashable {
        let isAdmitted: Bool
        /// Further units that could be had now.
        let remaining: Int
        /// Time until the next unit can be had; 0 where one can be had now.
        let retryAfter: Microseconds
        /// Time until all units can be had, if none is taken.
        let reset: Microseconds
    }

    /// Time between two units.
    let interval: Microseconds
    /// Time in which a spent bucket refills.
    let limit: Microseconds

    /// A bucket of `burst` units, one of which returns every `interval`.
    init(interval: Microseconds, burst: Int) {
        // Sums of a few of these can't overflow.
        let largest = Microseconds.max / 8
        self.interval = min(max(interval, 1), largest)
        let (limit, overflow) = self.interval.multipliedReportingOverflow(by: Int64(max(burst, 1)))
        self.limit = overflow ? largest - largest % self.interval : min(limit, largest)
    }

    /// Takes a unit where there is one.
    func decide(_ arrival: inout Microseconds, at now: Microseconds) -> Decision {
        let (ahead, overflow) = arrival.subtractingReportingOverflow(now)
        // Overflow has the sign of the arrival time: far ahead or far behind.
        let decision = decision(backlog: overflow ? (arrival > 0 ? limit : 0) : ahead)
        let (next, isBeyond) = now.addingReportingOverflow(decision.reset)
        arrival = isBeyond ? .max : next
        return decision
    }

    /// Gives a unit back that `decide` took.
    func refund(_ arrival: inout Microseconds) {
        let (earlier, overflow) = arrival.subtractingReportingOverflow(interval)
        arrival = overflow ? .min : earlier
    }

    /// What is to be told to a request that comes this long before the arrival time; less than 0 counts as 0, more than
    /// the limit as the limit.
    ///
    /// - Parameter isCharged: Whether the unit is taken, where there is one; otherwise the answer tells of the bucket as
    ///   it stays.
    func decision(backlog: Microseconds, isCharged: Bool = true) -> Decision {
        let backlog = min(max(backlog, 0), limit)
        let isAdmitted = backlog + interval <= limit
        let after = isAdmitted && isCharged ? backlog + interval : backlog
        return Decision(
            isAdmitted: isAdmitted, remaining: Int((limit - after) / interval),
            retryAfter: max(0, after + interval - limit), reset: after)
    }
}
