import CLibCrypto

/// A key of PBKDF2 (RFC 8018), however it is stored.
struct PBKDF2: Sendable {
    /// The hash under its HMAC.
    enum Digest: Sendable { case sha1, sha256, sha512 }

    static let iterations = 1...5_000_000
    private let digest: Digest
    private let iterations: Int
    private let salt: [UInt8]
    private let key: DerivedKey

    init(digest: Digest, iterations: Int, salt: [UInt8], key: [UInt8]) throws(Refusal) {
        guard iterations >= Self.iterations.lowerBound, !salt.isEmpty else { throw .malformed }
        guard iterations <= Self.iterations.upperBound else { throw .costly }
        self.digest = digest
        self.iterations = iterations
        self.salt = salt
        self.key = try DerivedKey(key)
    }

    func matches(_ password: Password) throws(PasswordError) -> Bool {
        let algorithm =
            switch digest {
            case .sha1: EVP_sha1()
            case .sha256: EVP_sha256()
            case .sha512: EVP_sha512()
            }
        let characters = password.bytes.map { CChar(bitPattern: $0) }
        return try key.matches { derived in
            PKCS5_PBKDF2_HMAC(
                characters, Int32(characters.count), salt, Int32(salt.count), Int32(iterations), algorithm,
                Int32(derived.count), &derived) == 1
        }
    }
}
