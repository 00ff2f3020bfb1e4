/// bcrypt in the forms `$2a$`, `$2b$` and `$2y$` (crypt(5); Provos and Mazières 1999): `$2b$12$` and 53 characters, 22 of
/// salt and 31 of key. Passwords over 72 bytes, which bcrypt would cut, match nothing.
struct Bcrypt: ImportedHash {
    static let costs = 4...14
    private let hash: CryptHash

    static func recognises(_ stored: String) -> Bool {
        ["$2a$", "$2b$", "$2y$"].contains(where: stored.hasPrefix)
    }

    init(_ stored: String) throws(Refusal) {
        let fields = try Fields.split(stored)
        guard fields.count == 4, fields[2].utf8.count == 2, fields[3].utf8.count == 53, CryptHash.isEncoded(fields[3])
        else { throw .malformed }
        let cost = try (fields[2].hasPrefix("0") ? fields[2].dropFirst() : fields[2]).number()
        guard Self.costs ~= cost else { throw .costly }
        hash = try CryptHash(stored, key: fields[3].suffix(31), keyLength: 31, longestPassword: 72)
    }

    func matches(_ password: Password) throws(PasswordError) -> Bool { try hash.matches(password) }
}
