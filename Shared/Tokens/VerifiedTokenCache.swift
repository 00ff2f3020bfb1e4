/// Remembers tokens that were found good, until they expire: a check costs a hash instead of a signature.
///
/// It has no lock of its own. Whoever uses it still asks whether the session was revoked meanwhile.
public struct VerifiedTokenCache<Value: Sendable>: Sendable {
    private struct Entry {
        let token: String
        let value: Value
        let expiresAt: Int64
        var wasUsed: Bool
    }

    private let capacity: Int
    private var slots: [Entry] = []
    private var index: [String: Int] = [:]
    private var hand = 0

    /// A cache of at most `capacity` tokens.
    public init(capacity: Int = 10_000) {
        self.capacity = max(1, capacity)
    }

    /// How many tokens it remembers, some of them expired.
    public var count: Int { slots.count }

    /// What was found for `token`, while it has not expired at `now` (seconds since 1970).
    public mutating func value(for token: String, now: Int64) -> Value? {
        guard let slot = index[token], slots[slot].expiresAt > now else { return nil }
        slots[slot].wasUsed = true
        return slots[slot].value
    }

    /// Remembers what was found for `token` until `expiresAt`. When full, one that was not used lately makes room.
    public mutating func insert(_ value: Value, for token: String, expiresAt: Int64) {
        let entry = Entry(token: token, value: value, expiresAt: expiresAt, wasUsed: false)
        if let slot = index[token] {
            slots[slot] = entry
        } else if slots.count < capacity {
            index[token] = slots.count
            slots.append(entry)
        } else {
            // The clock algorithm: pass over what was used since the hand came by, forgetting that it was.
            while slots[hand].wasUsed {
                slots[hand].wasUsed = false
                hand = (hand + 1) % capacity
            }
            index[slots[hand].token] = nil
            slots[hand] = entry
            index[token] = hand
            hand = (hand + 1) % capacity
        }
    }

    /// Forgets everything, as when a tenant's keys changed.
    public mutating func removeAll() {
        slots.removeAll(keepingCapacity: true)
        index.removeAll(keepingCapacity: true)
        hand = 0
    }
}
