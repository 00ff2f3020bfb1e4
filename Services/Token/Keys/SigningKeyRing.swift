import Domain
import Events
import FoundationEssentials
import Kit
import Logging
import NIOConcurrencyHelpers
import Postgres
import Tokens

/// The active signing key of each tenant, unsealed once and kept until an event says that the keys changed.
final class SigningKeyRing: Sendable {
    private let postgres: PostgresClient
    private let sealer: KeySealer
    private let publish: @Sendable ([Int64]) -> Void
    private let logger: Logger
    private let signers = NIOLockedValueBox<[UUID: AccessTokenSigner]>([:])

    /// A ring.
    /// - Parameter publish: Told the ids of events to publish.
    init(postgres: PostgresClient, sealer: KeySealer, logger: Logger, publish: @escaping @Sendable ([Int64]) -> Void) {
        self.postgres = postgres
        self.sealer = sealer
        self.publish = publish
        self.logger = logger
    }

    /// Forgets a tenant's key when an event says that it may have changed.
    func apply(_ event: Event) {
        if event.kind == .keysChanged { signers.withLockedValue { $0[event.tenant] = nil } }
    }

    /// The signer with the tenant's active key; makes the tenant's first key when it has none.
    /// - Throws: `SealedKeyProblem` when the key was sealed under another master key: a new one is never made in its
    ///   place, because every token and every backup hangs on it.
    func signer(for tenant: Tenant) async throws -> AccessTokenSigner {
        if let signer = signers.withLockedValue({ $0[tenant.id] }) { return signer }
        if let signer = try await load(tenant) { return signer }
        let key = try SigningKey.generate(.es256)
        let sealed = try sealer.seal(key.rawRepresentation, context: Self.context(tenant.id, key.kid))
        let rows = try await postgres.query(
            KeyStatements.insertFirst,
            [
                .text(key.kid), .text(key.algorithm.rawValue), .bytea(key.verificationKey.rawRepresentation),
                .bytea(sealed),
            ], scope: .tenant(tenant.id))
        if let row = rows.first {
            publish([try row.decode(0)])
            logger.notice(
                "made a tenant's first signing key", metadata: ["tenant": "\(tenant.slug)", "kid": "\(key.kid)"])
        }
        guard let signer = try await load(tenant) else { throw Problem.unavailable() }
        return signer
    }

    private func load(_ tenant: Tenant) async throws -> AccessTokenSigner? {
        let rows = try await postgres.query(KeyStatements.active, scope: .tenant(tenant.id))
        guard let row = rows.first else { return nil }
        let kid: String = try row.decode(0)
        guard let algorithm = SigningAlgorithm(rawValue: try row.decode(1)) else {
            throw SealedKeyProblem(kid: kid, reason: "its algorithm is not known to this version")
        }
        let sealed: [UInt8] = try row.decode(2)
        let secret: [UInt8]
        do throws(KeyError) {
            secret = try sealer.open(sealed, context: Self.context(tenant.id, kid))
        } catch {
            throw SealedKeyProblem(kid: kid, reason: "MASTER_KEY is not the one it was sealed under")
        }
        let signer = AccessTokenSigner(key: try SigningKey(algorithm: algorithm, rawRepresentation: secret))
        signers.withLockedValue { $0[tenant.id] = signer }
        return signer
    }

    private static func context(_ tenant: UUID, _ kid: String) -> String { "signing-key/\(tenant.text)/\(kid)" }
}

/// A signing key that can't be used.
struct SealedKeyProblem: Error, CustomStringConvertible {
    let kid: String
    let reason: String

    var description: String { "the signing key \(kid) can't be opened: \(reason)" }
}
