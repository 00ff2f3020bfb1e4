public import Octets

/// Remembers tokens that were found good, until they expire: a check costs a hash instead of a signature.
///
/// It has no lock of its own. Whoever uses it still asks whether the session was revoked meanwhile.
///
/// Open to be inlined: where its values' type is not known, each look costs several of the runtime for types.
public struct VerifiedTokenCache<Value: Sendable>: Sendable {
    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline let token: Key
        @usableFromInline let value: Value
        @usableFromInline let expiresAt: Int64
        @usableFromInline var wasUsed: Bool

        @inlinable
        init(_ token: Key, _ value: Value, expiresAt: Int64) {
            (self.token, self.value, self.expiresAt) = (token, value, expiresAt)
            wasUsed = false
        }
    }

    /// A token, told from others by all of it, and found by its end: that is of the signature, which nobody chooses.
    @usableFromInline
    struct Key: Hashable, Sendable {
        @usableFromInline let text: String

        @inlinable
        init(_ text: String) { self.text = text }

        @inlinable
        static func == (one: Key, other: Key) -> Bool {
            // By bytes: texts that are the same to a reader are not the same token.
            one.text.utf8.count == other.text.utf8.count && one.text.begins(with: other.text)
        }

        @inlinable
        func hash(into hasher: inout Hasher) {
            text.withBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0.suffix(16))) }
        }
    }

    @usableFromInline let capacity: Int
    @usableFromInline var slots: [Entry] = []
    @usableFromInline var index: [Key: Int] = [:]
    @usableFromInline var hand = 0

    /// A cache of at most `capacity` tokens.
    public init(capacity: Int = 10_000) {
        self.capacity = max(1, capacity)
    }

    /// How many tokens it remembers, some of them expired.
    @inlinable public var count: Int { slots.count }

    /// What was found for `token`, while it has not expired at `now` (seconds since 1970).
    @inlinable
    public mutating func value(for token: String, now: Int64) -> Value? {
        guard let slot = index[Key(token)], slots[slot].expiresAt > now else { return nil }
        slots[slot].wasUsed = true
        return slots[slot].value
    }

    /// Remembers what was found for `token` until `expiresAt`. When full, one that was not used lately makes room.
    @inlinable
    public mutating func insert(_ value: Value, for token: String, expiresAt: Int64) {
        let token = Key(token)
        let entry = Entry(token, value, expiresAt: expiresAt)
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
    @inlinable
    public mutating func removeAll() {
        slots.removeAll(keepingCapacity: true)
        index.removeAll(keepingCapacity: true)
        hand = 0
    }
}
