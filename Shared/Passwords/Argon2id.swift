import CSodium

/// Argon2id through libsodium, stored in PHC string form (RFC 9106).
public struct Argon2id: PasswordScheme {
    /// KiB of memory.
    public let memory: Int
    /// Passes over it.
    public let passes: Int

    /// The most that a stored hash may ask for: 256 MiB and 10 passes (SECURITY 5.1). More is refused unevaluated.
    static let memoryCeiling = 256 << 10
    static let passesCeiling = 10

    /// Parameters for new hashes: 19 MiB and 2 passes unless told.
    public init(memory: Int = 19_456, passes: Int = 2) {
        self.memory = memory
        self.passes = passes
        // Picks the fastest code for this processor; safe to call again.
        _ = sodium_init()
    }

    func hash(_ password: Password) throws(PasswordError) -> String {
        var stored = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
        let characters = password.bytes.map { CChar(bitPattern: $0) }
        let outcome = crypto_pwhash_str_alg(
            &stored, characters, UInt64(characters.count), UInt64(passes), memory * 1024, crypto_pwhash_ALG_ARGON2ID13)
        guard outcome == 0 else { throw .failed }
        return String(decoding: stored.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func recognises(_ stored: String) -> Bool { stored.hasPrefix("$argon2id$") }
}
