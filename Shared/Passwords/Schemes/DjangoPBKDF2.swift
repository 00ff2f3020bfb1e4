/// PBKDF2 as Django stores it: `pbkdf2_sha256$600000$salt$key`, the salt as it is, the key in base64.
struct DjangoPBKDF2: ImportedHash {
    private static let digests: [Substring: PBKDF2.Digest] = [
        "pbkdf2_sha1": .sha1, "pbkdf2_sha256": .sha256, "pbkdf2_sha512": .sha512,
    ]
    private let derivation: PBKDF2

    static func recognises(_ stored: String) -> Bool { stored.hasPrefix("pbkdf2_") }

    init(_ stored: String) throws(Refusal) {
        let fields = try Fields.split(stored)
        guard fields.count == 4 else { throw .malformed }
        guard let digest = Self.digests[fields[0]] else { throw .unknownForm }
        derivation = try PBKDF2(
            digest: digest, iterations: fields[1].number(), salt: Array(fields[2].utf8), key: fields[3].base64(.padded))
    }

    func matches(_ password: Password) throws(PasswordError) -> Bool { try derivation.matches(password) }
}
