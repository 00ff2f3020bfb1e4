import Crypto
import CryptoExtras
import FoundationEssentials

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3), for relying parties that know nothing newer. Keys have 3,072 bits when
/// made here and 2,048 at least when not; both halves are kept as DER.
enum RS256: SignatureScheme {
    static func generate() throws(KeyError) -> [UInt8] {
        guard let key = try? _RSA.Signing.PrivateKey(keySize: .bits3072) else { throw .invalid }
        return Array(key.derRepresentation)
    }

    static func publicKey(of privateKey: [UInt8]) throws(KeyError) -> [UInt8] {
        Array(try self.privateKey(privateKey).publicKey.derRepresentation)
    }

    static func signer(_ privateKey: [UInt8]) throws(KeyError) -> @Sendable ([UInt8]) throws -> [UInt8] {
        let key = try self.privateKey(privateKey)
        return { message in
            Array(try key.signature(for: SHA256.digest(of: message), padding: .insecurePKCS1v1_5).rawRepresentation)
        }
    }

    static func verifier(
        _ publicKey: [UInt8]
    ) throws(KeyError) -> @Sendable (_ signature: [UInt8], _ message: [UInt8]) -> Bool {
        guard let key = try? _RSA.Signing.PublicKey(derRepresentation: publicKey), key.keySizeInBits >= 2048 else {
            throw .invalid
        }
        let length = (key.keySizeInBits + 7) / 8
        return { signature, message in
            signature.count == length
                && key.isValidSignature(
                    _RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.digest(of: message),
                    padding: .insecurePKCS1v1_5)
        }
    }

    static func jwkMembers(_ publicKey: [UInt8]) -> [(name: String, value: String)] {
        guard let key = try? _RSA.Signing.PublicKey(derRepresentation: publicKey),
            let numbers = try? key.getKeyPrimitives()
        else { return [] }
        return [
            ("e", Base64URL.encode(numbers.publicExponent)), ("kty", "RSA"), ("n", Base64URL.encode(numbers.modulus)),
        ]
    }

    private static func privateKey(_ bytes: [UInt8]) throws(KeyError) -> _RSA.Signing.PrivateKey {
        guard let key = try? _RSA.Signing.PrivateKey(derRepresentation: bytes), key.keySizeInBits >= 2048 else {
            throw .invalid
        }
        return key
    }
}
