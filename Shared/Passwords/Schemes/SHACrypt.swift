/// SHA-crypt (Drepper 2008, crypt(5)): `$5$salt$key` with SHA-256 or `$6$salt$key` with SHA-512, with `rounds=656000$`
/// before the salt when they are not 5,000.
struct SHACrypt: ImportedHash {
    static let rounds = 1000...1_000_000
    private let hash: CryptHash

    static func recognises(_ stored: String) -> Bool { stored.hasPrefix("$5$") || stored.hasPrefix("$6$") }

    init(_ stored: String) throws(Refusal) {
        var fields = try Fields.split(stored)
        let prefix = "rounds="
        if fields.count == 5, fields[2].hasPrefix(prefix) {
            let rounds = try fields.remove(at: 2).dropFirst(prefix.count).number()
            guard rounds >= Self.rounds.lowerBound else { throw .malformed }
            guard rounds <= Self.rounds.upperBound else { throw .costly }
        }
        guard fields.count == 4, 1...16 ~= fields[2].utf8.count, CryptHash.isEncoded(fields[2]) else {
            throw .malformed
        }
        hash = try CryptHash(stored, key: fields[3], keyLength: fields[1] == "5" ? 43 : 86)
    }

    func matches(_ password: Password) throws(PasswordError) -> Bool { try hash.matches(password) }
}
