/// scrypt as crypt(5) stores it: `$7$`, one character for the logarithm of N, five each for r and p, the salt as it is, `$`
/// and 43 characters of key.
struct CryptScrypt: ImportedHash {
    private let hash: CryptHash

    static func recognises(_ stored: String) -> Bool { stored.hasPrefix("$7$") }

    init(_ stored: String) throws(Refusal) {
        let fields = try Fields.split(stored)
        guard fields.count == 4, 12...75 ~= fields[2].utf8.count, CryptHash.isEncoded(fields[2]) else {
            throw .malformed
        }
        let costs = Array(fields[2].utf8.prefix(11))
        _ = try ScryptCost(
            logarithm: CryptHash.value(costs[0]), blockSize: Self.number(costs[1...5]),
            parallelism: Self.number(costs[6...10]))
        hash = try CryptHash(stored, key: fields[3], keyLength: 43)
    }

    func matches(_ password: Password) throws(PasswordError) -> Bool { try hash.matches(password) }

    /// 30 bits, six to a character, the lowest first.
    private static func number(_ characters: ArraySlice<UInt8>) throws(Refusal) -> Int {
        var number = 0
        for character in characters.reversed() { number = try number << 6 | CryptHash.value(character) }
        return number
    }
}
