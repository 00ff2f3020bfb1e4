import CSodium

/// What a stored hash must be equal to.
struct DerivedKey: Sendable {
    let bytes: [UInt8]

    /// A key of 16 to 64 bytes. An empty one would match every password, and a tiny one many.
    init(_ bytes: [UInt8]) throws(Refusal) {
        guard 16...64 ~= bytes.count else { throw .keyLength }
        self.bytes = bytes
    }

    /// Whether what `fill` writes is this key, in constant time.
    /// - Parameter fill: Writes as many bytes as the key has; false when it could not.
    /// - Throws: `PasswordError.failed` when `fill` could not.
    func matches(_ fill: (inout [UInt8]) -> Bool) throws(PasswordError) -> Bool {
        var derived = [UInt8](repeating: 0, count: bytes.count)
        defer { sodium_memzero(&derived, derived.count) }
        guard fill(&derived), derived.count == bytes.count else { throw .failed }
        return sodium_memcmp(derived, bytes, bytes.count) == 0
    }
}
