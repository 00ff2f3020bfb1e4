/// The accounts of one part of all keys, at most so many: a new one takes the place of the one longest unused.
struct AccountTable {
    /// An account and its place in the order of use.
    struct Slot {
        fileprivate(set) var hash: SipHash.Value
        fileprivate(set) var key: RateKey
        fileprivate(set) var terms: PolicyTerms
        var account: Account
        /// Whether the slot is among those to be reviewed regularly. It stays so for the next account in the slot.
        var isListed = false
        /// Whether the slot is among those to be reviewed soon. It stays so for the next account in the slot.
        var isUrgent = false
        /// Whether Redis is being asked.
        var isAsking = false
        fileprivate var newer = AccountTable.none
        fileprivate var older = AccountTable.none
    }

    fileprivate static let none = -1

    let capacity: Int
    private(set) var slots: ContiguousArray<Slot> = []
    private var places: [SipHash.Value: Int] = [:]
    private var newest = none
    private var oldest = none

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var count: Int { slots.count }

    subscript(place: Int) -> Slot {
        _read { yield slots[place] }
        _modify { yield &slots[place] }
    }

    /// The place of an account, which counts as used now.
    mutating func find(_ hash: SipHash.Value) -> Int? {
        guard let place = places[hash] else { return nil }
        if place != newest {
            unlink(place)
            link(place)
        }
        return place
    }

    /// The place of an account, which does not count as used.
    func peek(_ hash: SipHash.Value) -> Int? { places[hash] }

    /// Adds an account, which must not be there yet; returns its place, and what had to go for it.
    mutating func insert(
        _ hash: SipHash.Value, _ key: RateKey, _ terms: PolicyTerms, now: Microseconds
    ) -> (place: Int, evicted: Slot?) {
        let account = Account(terms, now: now)
        guard slots.count >= capacity else {
            let place = slots.count
            slots.append(Slot(hash: hash, key: key, terms: terms, account: account))
            places[hash] = place
            link(place)
            return (place, nil)
        }
        let place = oldest
        let evicted = slots[place]
        places[evicted.hash] = nil
        unlink(place)
        slots[place].hash = hash
        slots[place].key = key
        slots[place].terms = terms
        slots[place].account = account
        slots[place].isAsking = false
        places[hash] = place
        link(place)
        return (place, evicted)
    }

    private mutating func link(_ place: Int) {
        slots[place].older = newest
        slots[place].newer = Self.none
        if newest != Self.none { slots[newest].newer = place } else { oldest = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (slots[place].newer, slots[place].older)
        if newer != Self.none { slots[newer].older = older } else { newest = older }
        if older != Self.none { slots[older].newer = newer } else { oldest = newer }
    }
}
