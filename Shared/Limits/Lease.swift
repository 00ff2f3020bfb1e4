/// What is to be asked of Redis for one key.
struct LeaseAsk: Sendable {
    /// Where the account is; nil where it had to go and only this is left of it.
    struct Place: Sendable {
        let part: Int
        let slot: Int
        let hash: SipHash.Value
    }

    let place: Place?
    let key: RateKey
    let terms: PolicyTerms
    /// Units spent that no lease covers.
    let owed: Int
    /// Units to lease, or, below 0, to give back.
    let wanted: Int
    /// Whether the account came to rest.
    var isDone = false
}

/// What Redis answered.
struct LeaseGrant: Sendable {
    /// Units leased beyond those owed.
    let units: Int
    /// Units left in Redis, below 0 where more was charged than there was.
    let left: Int
    /// Time until there is one more.
    let untilNext: Microseconds
}
