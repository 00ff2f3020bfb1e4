import Crypto
import FoundationEssentials

/// ECDSA over P-256 with SHA-256; the signature is r and s, 32 bytes each (RFC 7518 §3.4).
enum ES256: SignatureScheme {
    static func generate() -> [UInt8] { Array(P256.Signing.PrivateKey().rawRepresentation) }

    static func publicKey(of privateKey: [UInt8]) throws(KeyError) -> [UInt8] {
        Array(try self.privateKey(privateKey).publicKey.x963Representation)
    }

    static func signer(_ privateKey: [UInt8]) throws(KeyError) -> @Sendable ([UInt8]) throws -> [UInt8] {
        let key = try self.privateKey(privateKey)
        return { message in
            Array(try key.signature(for: SHA256.digest(of: message)).rawRepresentation)
        }
    }

    static func verifier(
        _ publicKey: [UInt8]
    ) throws(KeyError) -> @Sendable (_ signature: [UInt8], _ message: [UInt8]) -> Bool {
        guard let key = try? P256.Signing.PublicKey(x963Representation: publicKey) else { throw .invalid }
        return { signature, message in
            guard signature.count == 64,
                let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: SHA256.digest(of: message))
        }
    }

    static func jwkMembers(_ publicKey: [UInt8]) -> [(name: String, value: String)] {
        // The uncompressed form is one byte 4, then x and y.
        [
            ("crv", "P-256"), ("kty", "EC"), ("x", Base64URL.encode(publicKey.dropFirst().prefix(32))),
            ("y", Base64URL.encode(publicKey.suffix(32))),
        ]
    }

    private static func privateKey(_ bytes: [UInt8]) throws(KeyError) -> P256.Signing.PrivateKey {
        guard let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes) else { throw .invalid }
        return key
    }
}
