/// What one gateway knows of one key: the units it holds, what is known of Redis's count, and a bucket of its own for the
/// time while Redis is away. A state machine without clock or I/O.
struct Account: Sendable {
    /// Unused this long, an account gives back what it holds.
    static let idleAfter: Microseconds = 1_000_000
    /// What is known of Redis's count is asked for again after this.
    static let staleAfter: Microseconds = 1_000_000
    /// Between two reviews of a busy account Redis is asked for its last units no sooner than this.
    static let pause: Microseconds = 25_000

    /// Units leased and not spent; below 0, units spent and not yet leased.
    private(set) var balance = 0
    /// Units Redis had left when it last answered, less what is known to have been charged since.
    private var left = 0
    /// When Redis has one more.
    private var nextAt: Microseconds = 0
    /// When Redis last answered; nil before it ever did.
    private var answeredAt: Microseconds?
    /// Decisions asked for since the last review.
    private var offered = 0
    /// Units to be held.
    private var target: Int
    /// Arrival time of a bucket of the whole policy, which decides until Redis answers for the first time.
    private var provisional: Microseconds = .min
    /// Arrival time of the floor bucket.
    private var floor: Microseconds = .min
    private var lastUsed: Microseconds

    init(_ terms: PolicyTerms, now: Microseconds) {
        target = terms.leaseFloor
        lastUsed = now
    }

    // MARK: Deciding

    /// Takes a unit of the floor bucket where there is one.
    mutating func decideByFloor(_ terms: PolicyTerms, now: Microseconds) -> Gcra.Decision {
        lastUsed = now
        return terms.floor.decide(&floor, at: now)
    }

    /// Takes a unit of what is leased, or lent, where there is one.
    mutating func decideByLease(_ terms: PolicyTerms, now: Microseconds) -> Gcra.Decision {
        lastUsed = now
        offered &+= 1
        let policy = terms.policy
        guard answeredAt != nil else {
            let decision = policy.gcra.decide(&provisional, at: now)
            if decision.isAdmitted { balance -= 1 }
            return decision
        }
        let known = known(policy, now: now)
        let isAdmitted = balance > 0 || (balance + known >= 1 && -balance < terms.credit(left: known))
        if isAdmitted { balance -= 1 }
        let remaining = isAdmitted ? min(max(balance + known, 0), policy.burst) : 0
        return Gcra.Decision(
            isAdmitted: isAdmitted, remaining: remaining,
            retryAfter: remaining > 0 ? 0 : untilNext(policy, known: known, now: now),
            reset: Int64(policy.burst - remaining) * policy.gcra.interval)
    }

    /// Gives back a unit that `decideByFloor` took.
    mutating func refundFloor(_ terms: PolicyTerms) {
        terms.floor.refund(&floor)
    }

    /// Gives back a unit that `decideByLease` took.
    mutating func refundLease(_ terms: PolicyTerms) {
        balance += 1
        if answeredAt == nil { terms.policy.gcra.refund(&provisional) }
    }

    /// Units that Redis should have left by now, if nobody else took any.
    private func known(_ policy: RatePolicy, now: Microseconds) -> Int {
        guard now >= nextAt else { return left }
        return min(left + 1 + Int((now - nextAt) / policy.gcra.interval), policy.burst)
    }

    /// Time until there should be a unit to be had.
    private func untilNext(_ policy: RatePolicy, known: Int, now: Microseconds) -> Microseconds {
        let missing = 1 - balance - known
        // There is one, but it must be leased first.
        guard missing > 0 else { return 1 }
        let interval = policy.gcra.interval
        let first = now < nextAt ? nextAt - now : interval - (now - nextAt) % interval
        return first + Int64(missing - 1) * interval
    }

    // MARK: Leasing

    /// Whether Redis should be asked now rather than at the next review.
    func isUrgent(_ terms: PolicyTerms, now: Microseconds) -> Bool {
        guard let answeredAt else { return true }
        guard 2 * balance < target else { return false }
        let known = known(terms.policy, now: now)
        // Where Redis has little it is not asked for each unit, however many requests are refused.
        return known >= max(1, target / 4) || (balance <= 0 && known >= 1 && now - answeredAt >= Self.pause)
    }

    /// What a review found.
    struct Finding: Equatable {
        /// Units spent that no lease covers.
        var owed = 0
        /// Units to lease, or, below 0, to give back.
        var wanted = 0
        /// Whether Redis is to be asked.
        var isAsking = false
        /// Whether no further review is needed until the account is used again.
        var isDone = false
    }

    /// Finds what to ask of Redis, and takes it as done: units owed are no longer, units given back are gone.
    ///
    /// - Parameter isRegular: Whether an interval has gone by since the last review, so that it tells how much is used.
    mutating func review(_ terms: PolicyTerms, now: Microseconds, isRegular: Bool) -> Finding {
        if isRegular, offered == 0, now - lastUsed > Self.idleAfter { return close(terms.policy, now: now) }
        // Enough for two intervals like the one gone by.
        let needed = min(max(terms.leaseFloor, 2 * offered), terms.policy.burst)
        target = isRegular ? needed : max(target, needed)
        if isRegular { offered = 0 }

        var finding = Finding()
        finding.owed = max(0, -balance)
        if 2 * balance < target {
            finding.wanted = target - max(0, balance)
        } else if balance > 2 * target {
            finding.wanted = target - balance
        }
        let isStale = answeredAt.map { now - $0 > Self.staleAfter } ?? true
        finding.isAsking = finding.owed > 0 || finding.wanted != 0 || isStale
        take(finding)
        return finding
    }

    /// Gives back all there is. What is known of Redis's count becomes the state of the provisional bucket.
    mutating func close(_ policy: RatePolicy, now: Microseconds) -> Finding {
        var finding = Finding(isDone: true)
        finding.owed = max(0, -balance)
        finding.wanted = min(0, -balance)
        finding.isAsking = balance != 0
        if answeredAt != nil {
            let rest = min(max(balance + known(policy, now: now), 0), policy.burst)
            provisional = now + Int64(policy.burst - rest) * policy.gcra.interval
            answeredAt = nil
        }
        take(finding)
        return finding
    }

    private mutating func take(_ finding: Finding) {
        balance += finding.owed + min(0, finding.wanted)
        left -= finding.owed
    }

    /// Takes in what Redis answered to what a review found.
    mutating func settle(_ grant: LeaseGrant, isDone: Bool, now: Microseconds) {
        balance += grant.units
        // It was idle, and its provisional bucket decides when it is used again.
        if isDone { return }
        left = grant.left
        nextAt = now + max(0, grant.untilNext)
        answeredAt = now
    }

    /// Owes again what Redis, as far as is known, did not charge. Units given back stay gone: they may have arrived.
    mutating func reopen(owed: Int) {
        balance -= owed
        left += owed
    }
}
