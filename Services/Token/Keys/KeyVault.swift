import Domain
import FoundationEssentials
import Tokens

/// Seals signing keys for storage and opens them again, bound to the tenant and the key id they belong to.
struct KeyVault: Sendable {
    let sealer: KeySealer

    func seal(_ key: SigningKey, of tenant: UUID) throws -> [UInt8] {
        try sealer.seal(key.rawRepresentation, context: Self.context(tenant, key.kid))
    }

    /// The key that was sealed.
    /// - Throws: `SealedKeyProblem` when it can't be opened: a new one is never made in its place, because every token
    ///   and every backup hangs on it.
    func open(_ sealed: [UInt8], kid: String, algorithm: String, of tenant: UUID) throws -> SigningKey {
        guard let algorithm = SigningAlgorithm(rawValue: algorithm) else {
            throw SealedKeyProblem(kid: kid, reason: "its algorithm is not known to this version")
        }
        return try SigningKey(algorithm: algorithm, rawRepresentation: try secret(sealed, kid: kid, of: tenant))
    }

    /// The same secret, sealed under the present master key.
    func reseal(_ sealed: [UInt8], kid: String, of tenant: UUID) throws -> [UInt8] {
        try sealer.seal(try secret(sealed, kid: kid, of: tenant), context: Self.context(tenant, kid))
    }

    private func secret(_ sealed: [UInt8], kid: String, of tenant: UUID) throws(SealedKeyProblem) -> [UInt8] {
        do throws(KeyError) {
            return try sealer.open(sealed, context: Self.context(tenant, kid))
        } catch .unknownVersion(let version) {
            throw SealedKeyProblem(
                kid: kid, reason: "it was sealed under master key \(version); add that to MASTER_KEY_ACCEPTED")
        } catch {
            throw SealedKeyProblem(kid: kid, reason: "MASTER_KEY is not the one it was sealed under")
        }
    }

    private static func context(_ tenant: UUID, _ kid: String) -> String { "signing-key/\(tenant.text)/\(kid)" }
}

/// A signing key that can't be used.
struct SealedKeyProblem: Error, CustomStringConvertible {
    let kid: String
    let reason: String

    var description: String { "the signing key \(kid) can't be opened: \(reason)" }
}
