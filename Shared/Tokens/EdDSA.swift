import Crypto
import FoundationEssentials

/// Ed25519 (RFC 8037).
enum EdDSA: SignatureScheme {
    static func generate() -> [UInt8] { Array(Curve25519.Signing.PrivateKey().rawRepresentation) }

    static func publicKey(of privateKey: [UInt8]) throws(KeyError) -> [UInt8] {
        Array(try self.privateKey(privateKey).publicKey.rawRepresentation)
    }

    static func signer(_ privateKey: [UInt8]) throws(KeyError) -> @Sendable ([UInt8]) throws -> [UInt8] {
        let key = try self.privateKey(privateKey)
        return { Array(try key.signature(for: $0)) }
    }

    static func verifier(
        _ publicKey: [UInt8]
    ) throws(KeyError) -> @Sendable (_ signature: [UInt8], _ message: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { throw .invalid }
        return { signature, message in signature.count == 64 && key.isValidSignature(signature, for: message) }
    }

    static func jwkMembers(_ publicKey: [UInt8]) -> [(name: String, value: String)] {
        [("crv", "Ed25519"), ("kty", "OKP"), ("x", Base64URL.encode(publicKey))]
    }

    private static func privateKey(_ bytes: [UInt8]) throws(KeyError) -> Curve25519.Signing.PrivateKey {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes) else { throw .invalid }
        return key
    }
}
