import CSodium

/// scrypt (RFC 7914) as passlib stores it: `$scrypt$ln=15,r=8,p=1$salt$key`, both in base64 without padding.
struct Scrypt: ImportedHash {
    private let cost: ScryptCost
    private let salt: [UInt8]
    private let key: DerivedKey

    static func recognises(_ stored: String) -> Bool { stored.hasPrefix("$scrypt$") }

    init(_ stored: String) throws(Refusal) {
        let fields = try Fields.split(stored)
        guard fields.count == 5 else { throw .malformed }
        let costs = try fields[2].numbers("ln", "r", "p")
        cost = try ScryptCost(logarithm: costs[0], blockSize: costs[1], parallelism: costs[2])
        salt = try fields[3].base64(.unpadded)
        key = try DerivedKey(fields[4].base64(.unpadded))
        guard !salt.isEmpty else { throw .malformed }
    }

    func matches(_ password: Password) throws(PasswordError) -> Bool {
        try key.matches { derived in
            crypto_pwhash_scryptsalsa208sha256_ll(
                password.bytes, password.bytes.count, salt, salt.count, 1 << UInt64(cost.logarithm),
                UInt32(cost.blockSize), UInt32(cost.parallelism), &derived, derived.count) == 0
        }
    }
}
