import Crypto

/// A public key that tokens are checked with, and the one algorithm it is good for.
public struct VerificationKey: Sendable {
    /// Its id in token headers.
    public let kid: String
    /// The only algorithm accepted with it, whatever a token's header says (RFC 8725 §3.1).
    public let algorithm: SigningAlgorithm
    /// The raw public key: 65 bytes uncompressed for ES256, 32 bytes for EdDSA, DER for RS256.
    public let rawRepresentation: [UInt8]
    private let isValid: @Sendable (_ signature: [UInt8], _ message: [UInt8]) -> Bool

    /// A key from its raw form.
    public init(
        kid: String, algorithm: SigningAlgorithm, rawRepresentation: some Collection<UInt8>
    ) throws(KeyError) {
        self.kid = kid
        self.algorithm = algorithm
        self.rawRepresentation = Array(rawRepresentation)
        isValid = try algorithm.scheme.verifier(self.rawRepresentation)
    }

    /// Whether `signature` is this key's over `message`.
    public func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool { isValid(signature, message) }

    /// The key as a JWK (RFC 7517).
    public var jwk: String {
        let members =
            algorithm.scheme.jwkMembers(rawRepresentation)
            + [("kid", kid), ("alg", algorithm.rawValue), ("use", "sig")]
        return "{" + members.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",") + "}"
    }

    /// The RFC 7638 thumbprint, which is the `kid` of keys made here.
    static func thumbprint(_ algorithm: SigningAlgorithm, _ rawRepresentation: [UInt8]) -> String {
        let members = algorithm.scheme.jwkMembers(rawRepresentation)
        let canonical = "{" + members.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",") + "}"
        return Base64URL.encode(Array(SHA256.digest(of: Array(canonical.utf8))))
    }
}

/// A private key that tokens are signed with.
public struct SigningKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// Its public half.
    public let verificationKey: VerificationKey
    /// The raw private key.
    public let rawRepresentation: [UInt8]
    private let signature: @Sendable ([UInt8]) throws -> [UInt8]

    /// A new key.
    public static func generate(_ algorithm: SigningAlgorithm) throws(KeyError) -> SigningKey {
        try SigningKey(algorithm: algorithm, rawRepresentation: algorithm.scheme.generate())
    }

    /// A key from its raw form.
    public init(algorithm: SigningAlgorithm, rawRepresentation: some Collection<UInt8>) throws(KeyError) {
        self.rawRepresentation = Array(rawRepresentation)
        let publicKey = try algorithm.scheme.publicKey(of: self.rawRepresentation)
        verificationKey = try VerificationKey(
            kid: VerificationKey.thumbprint(algorithm, publicKey), algorithm: algorithm, rawRepresentation: publicKey)
        signature = try algorithm.scheme.signer(self.rawRepresentation)
    }

    /// Its id in token headers.
    public var kid: String { verificationKey.kid }
    /// Its algorithm.
    public var algorithm: SigningAlgorithm { verificationKey.algorithm }

    /// Signs `message`.
    public func sign(_ message: [UInt8]) throws -> [UInt8] { try signature(message) }

    /// Never the key.
    public var description: String { "SigningKey(\(algorithm.rawValue) \(kid))" }
    /// A mirror without children, so that `dump` finds no secret.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
