/// The algorithms tokens are signed with. Each is one file that conforms to `SignatureScheme`, listed here.
public enum SigningAlgorithm: String, Sendable, CaseIterable {
    /// ECDSA over P-256 with SHA-256 (RFC 7518 §3.4).
    case es256 = "ES256"
    /// Ed25519 (RFC 8037).
    case eddsa = "EdDSA"
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
    case rs256 = "RS256"

    var scheme: any SignatureScheme.Type {
        switch self {
        case .es256: ES256.self
        case .eddsa: EdDSA.self
        case .rs256: RS256.self
        }
    }
}

/// What an algorithm has to offer.
protocol SignatureScheme {
    /// A new private key in its raw form.
    static func generate() throws(KeyError) -> [UInt8]
    /// The raw public key of a raw private one.
    static func publicKey(of privateKey: [UInt8]) throws(KeyError) -> [UInt8]
    /// Makes the function that signs with a private key.
    static func signer(_ privateKey: [UInt8]) throws(KeyError) -> @Sendable ([UInt8]) throws -> [UInt8]
    /// Makes the function that checks with a public key.
    static func verifier(_ publicKey: [UInt8]) throws(KeyError)
        -> @Sendable (_ signature: [UInt8], _ message: [UInt8]) -> Bool
    /// The members of its JWK that make the thumbprint, in the order RFC 7638 wants them.
    static func jwkMembers(_ publicKey: [UInt8]) -> [(name: String, value: String)]
}
