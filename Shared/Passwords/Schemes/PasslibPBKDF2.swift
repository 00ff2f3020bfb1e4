/// PBKDF2 as passlib stores it: `$pbkdf2-sha256$29000$salt$key`, both in its own base64, `$pbkdf2$` with SHA-1.
struct PasslibPBKDF2: ImportedHash {
    private static let digests: [Substring: PBKDF2.Digest] = [
        "pbkdf2": .sha1, "pbkdf2-sha256": .sha256, "pbkdf2-sha512": .sha512,
    ]
    private let derivation: PBKDF2

    static func recognises(_ stored: String) -> Bool {
        stored.hasPrefix("$pbkdf2$") || stored.hasPrefix("$pbkdf2-")
    }

    init(_ stored: String) throws(Refusal) {
        let fields = try Fields.split(stored)
        guard fields.count == 5 else { throw .malformed }
        guard let digest = Self.digests[fields[1]] else { throw .unknownForm }
        derivation = try PBKDF2(
            digest: digest, iterations: fields[2].number(), salt: fields[3].base64(.dotted),
            key: fields[4].base64(.dotted))
    }

    func matches(_ password: Password) throws(PasswordError) -> Bool { try derivation.matches(password) }
}
