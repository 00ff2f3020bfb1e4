import Domain
import Events
import FoundationEssentials
import Kit
import NIOConcurrencyHelpers
import Postgres
import Tokens

/// The active signing key of each tenant, unsealed once and kept until an event says that the keys changed.
final class SigningKeyRing: Sendable {
    private struct State {
        var signers: [UUID: AccessTokenSigner] = [:]
        /// Rises with every event, so that a key that was read before one is not kept after it.
        var generation = 0
        /// First keys that are being made, so that many first logins at once wait for one key instead of making one each.
        var making: [UUID: Task<Void, any Error>] = [:]
    }

    private let postgres: PostgresClient
    private let rotation: KeyRotation
    private let state = NIOLockedValueBox(State())

    /// A ring that asks `rotation` for a tenant's first key.
    init(postgres: PostgresClient, rotation: KeyRotation) {
        self.postgres = postgres
        self.rotation = rotation
    }

    /// Forgets a tenant's key when an event says that it may have changed.
    func apply(_ event: Event) {
        guard event.kind == .keysChanged else { return }
        state.withLockedValue { state in
            state.generation += 1
            state.signers[event.tenant] = nil
        }
    }

    /// Forgets all keys: some may be lost, and what they sign would be accepted by nobody who asks the database.
    func forget() {
        state.withLockedValue { state in
            state.generation += 1
            state.signers.removeAll()
        }
    }

    /// The signer with the tenant's active key; makes the tenant's first key when it has none.
    /// - Throws: `SealedKeyProblem` when the key can't be opened.
    func signer(for tenant: Tenant) async throws -> AccessTokenSigner {
        if let signer = state.withLockedValue({ $0.signers[tenant.id] }) { return signer }
        if let signer = try await load(tenant) { return signer }
        try await makeFirst(tenant)
        guard let signer = try await load(tenant) else { throw Problem.unavailable() }
        return signer
    }

    private func makeFirst(_ tenant: Tenant) async throws {
        let task = state.withLockedValue { state in
            if let task = state.making[tenant.id] { return task }
            let task = Task { [rotation] in _ = try await rotation.tend(tenant) }
            state.making[tenant.id] = task
            return task
        }
        defer { state.withLockedValue { $0.making[tenant.id] = nil } }
        try await task.value
    }

    private func load(_ tenant: Tenant) async throws -> AccessTokenSigner? {
        let generation = state.withLockedValue { $0.generation }
        guard let row = try await postgres.query(KeyStatements.active, scope: .tenant(tenant.id)).first else {
            return nil
        }
        let key = try rotation.vault.open(
            try row.decode(2), kid: try row.decode(0), algorithm: try row.decode(1), of: tenant.id)
        let signer = AccessTokenSigner(key: key)
        state.withLockedValue { state in
            if state.generation == generation { state.signers[tenant.id] = signer }
        }
        return signer
    }
}
