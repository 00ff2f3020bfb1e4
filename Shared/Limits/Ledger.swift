import Synchronization

/// All accounts of one gateway, without I/O.
///
/// They are spread over parts by the key's hash, each behind a lock of its own. A lock and not state of each event loop,
/// because a key must have one account: with one a loop its budget would be split once more for every loop, and leases
/// would be as many times smaller. A part's lock is held for some ten nanoseconds a decision, so that loops hardly meet.
final class Ledger: Sendable {
    private final class Part: Sendable {
        struct State {
            var table: AccountTable
            /// Places to be reviewed regularly, and soon.
            var listed: [Int] = []
            var urgent: [Int] = []
            /// What is left of accounts that had to go.
            var leftovers: [LeaseAsk] = []
            var evictions = 0
        }

        let state: Mutex<State>

        init(capacity: Int) {
            state = Mutex(State(table: AccountTable(capacity: capacity)))
        }
    }

    private static let partCount = 16
    /// Leftovers a part keeps until Redis is asked the next time; units beyond return by themselves, with time.
    private static let maxLeftovers = 1024

    private let parts: [Part]
    private let hasher = SipHash()
    private let gateways: Int
    private let terms = Mutex<[RatePolicy: PolicyTerms]>([:])
    /// Called when Redis should be asked soon.
    private let wake: @Sendable () -> Void

    init(capacity: Int, gateways: Int, wake: @escaping @Sendable () -> Void) {
        let capacity = (max(1, capacity) + Self.partCount - 1) / Self.partCount
        parts = (0..<Self.partCount).map { _ in Part(capacity: capacity) }
        self.gateways = gateways
        self.wake = wake
    }

    /// The terms of a policy, made when it is first seen. A configuration has some dozens of them.
    func terms(_ policy: RatePolicy) -> PolicyTerms {
        terms.withLock { terms in
            if let known = terms[policy] { return known }
            let made = PolicyTerms(policy, gateways: gateways)
            terms[policy] = made
            return made
        }
    }

    // MARK: Deciding

    /// Takes a unit where there is one: of the lease, or of the floor bucket.
    func charge(_ demand: Demand, position: Int, byFloor: Bool, now: Microseconds) -> Standing {
        let hash = hasher.hash(demand.policy.fingerprint, demand.subject)
        let part = parts[Self.part(hash)]
        var isUrgent = false
        let standing = part.state.withLock { state in
            let place = state.table.find(hash) ?? insert(demand, hash, into: &state, now: now)
            let terms = state.table[place].terms
            if byFloor {
                let decision = state.table[place].account.decideByFloor(terms, now: now)
                return Standing(terms, position: position, decision, source: .local)
            }
            let decision = state.table[place].account.decideByLease(terms, now: now)
            isUrgent = mark(place, terms, in: &state, now: now)
            return Standing(terms, position: position, decision, source: .leased)
        }
        if isUrgent { wake() }
        return standing
    }

    /// Gives back the unit that `charge` took.
    func refund(_ demand: Demand, source: Standing.Source) {
        let hash = hasher.hash(demand.policy.fingerprint, demand.subject)
        parts[Self.part(hash)].state.withLock { state in
            guard let place = state.table.peek(hash) else { return }
            let terms = state.table[place].terms
            switch source {
            case .leased: state.table[place].account.refundLease(terms)
            case .local: state.table[place].account.refundFloor(terms)
            case .redis: break
            }
        }
    }

    private func insert(
        _ demand: Demand, _ hash: SipHash.Value, into state: inout Part.State, now: Microseconds
    ) -> Int {
        let terms = terms(demand.policy)
        let (place, evicted) = state.table.insert(hash, RateKey(subject: demand.subject), terms, now: now)
        if var evicted {
            state.evictions += 1
            let finding = evicted.account.close(evicted.terms.policy, now: now)
            if finding.isAsking, state.leftovers.count < Self.maxLeftovers {
                state.leftovers.append(
                    LeaseAsk(
                        place: nil, key: evicted.key, terms: evicted.terms, owed: finding.owed, wanted: finding.wanted))
            }
        }
        return place
    }

    /// Notes that an account was used; returns whether it became urgent.
    private func mark(
        _ place: Int, _ terms: PolicyTerms, in state: inout Part.State, now: Microseconds
    ) -> Bool {
        if !state.table[place].isListed {
            state.table[place].isListed = true
            state.listed.append(place)
        }
        guard !state.table[place].isUrgent, !state.table[place].isAsking,
            state.table[place].account.isUrgent(terms, now: now)
        else { return false }
        state.table[place].isUrgent = true
        state.urgent.append(place)
        return true
    }

    private static func part(_ hash: SipHash.Value) -> Int {
        Int(truncatingIfNeeded: hash.low) & (partCount - 1)
    }

    // MARK: Leasing

    /// What to ask of Redis: for the urgent accounts, or at a regular review for all that were used lately.
    func review(isRegular: Bool, now: Microseconds) -> [LeaseAsk] {
        var asks: [LeaseAsk] = []
        for (number, part) in parts.enumerated() {
            part.state.withLock { state in
                asks.append(contentsOf: state.leftovers)
                state.leftovers.removeAll()
                var places: [Int] = []
                swap(&places, &state.urgent)
                for place in places { state.table[place].isUrgent = false }
                if isRegular {
                    places.removeAll()
                    swap(&places, &state.listed)
                }
                for place in places {
                    let terms = state.table[place].terms
                    // The slot may be another account's by now.
                    guard terms.policy.kind == .leased else {
                        if isRegular { state.table[place].isListed = false }
                        continue
                    }
                    let finding = state.table[place].account.review(terms, now: now, isRegular: isRegular)
                    if isRegular {
                        state.table[place].isListed = !finding.isDone
                        if !finding.isDone { state.listed.append(place) }
                    }
                    guard finding.isAsking else { continue }
                    state.table[place].isAsking = true
                    asks.append(ask(state.table[place], place: place, part: number, finding))
                }
            }
        }
        return asks
    }

    /// What to ask of Redis at the end: that it takes back everything.
    func close(now: Microseconds) -> [LeaseAsk] {
        var asks: [LeaseAsk] = []
        for (number, part) in parts.enumerated() {
            part.state.withLock { state in
                asks.append(contentsOf: state.leftovers)
                state.leftovers.removeAll()
                for place in 0..<state.table.count {
                    let policy = state.table[place].terms.policy
                    let finding = state.table[place].account.close(policy, now: now)
                    if finding.isAsking { asks.append(ask(state.table[place], place: place, part: number, finding)) }
                }
            }
        }
        return asks
    }

    private func ask(
        _ slot: AccountTable.Slot, place: Int, part: Int, _ finding: Account.Finding
    ) -> LeaseAsk {
        LeaseAsk(
            place: LeaseAsk.Place(part: part, slot: place, hash: slot.hash), key: slot.key, terms: slot.terms,
            owed: finding.owed, wanted: finding.wanted, isDone: finding.isDone)
    }

    /// Takes in what Redis answered; what was leased for an account that had to go meanwhile is to be given back.
    func settle(_ ask: LeaseAsk, _ grant: LeaseGrant, now: Microseconds) {
        guard let place = ask.place else { return }
        parts[place.part].state.withLock { state in
            guard state.table[place.slot].hash == place.hash else {
                if grant.units > 0, state.leftovers.count < Self.maxLeftovers {
                    state.leftovers.append(
                        LeaseAsk(place: nil, key: ask.key, terms: ask.terms, owed: 0, wanted: -grant.units))
                }
                return
            }
            state.table[place.slot].isAsking = false
            state.table[place.slot].account.settle(grant, isDone: ask.isDone, now: now)
        }
    }

    /// Takes in that Redis did not answer.
    func reopen(_ ask: LeaseAsk) {
        guard let place = ask.place else { return }
        parts[place.part].state.withLock { state in
            guard state.table[place.slot].hash == place.hash else { return }
            state.table[place.slot].isAsking = false
            state.table[place.slot].account.reopen(owed: ask.owed)
            if !state.table[place.slot].isListed {
                state.table[place.slot].isListed = true
                state.listed.append(place.slot)
            }
        }
    }

    /// Accounts held, and accounts that had to go since last asked.
    func takeCounts() -> (accounts: Int, evictions: Int) {
        var counts = (accounts: 0, evictions: 0)
        for part in parts {
            part.state.withLock { state in
                counts.accounts += state.table.count
                counts.evictions += state.evictions
                state.evictions = 0
            }
        }
        return counts
    }
}
