import Events
import FoundationEssentials
import NIOConcurrencyHelpers
import Postgres

/// Finds clients; those found lately are in memory until an event says that one of their tenant changed.
final class ClientDirectory: Sendable {
    private struct Key: Hashable {
        let tenant: UUID
        let identifier: String
    }

    private struct State {
        var clients: [Key: RegisteredClient] = [:]
        /// Rises with every event, so that what was read before one is not kept after it.
        var generation = 0
    }

    private static let capacity = 4096
    private let postgres: PostgresClient
    private let state = NIOLockedValueBox(State())

    init(postgres: PostgresClient) {
        self.postgres = postgres
    }

    /// The active client of that `client_id`. One that isn't known is looked for each time: nothing is kept of names
    /// that anybody may make up.
    func client(_ identifier: String, of tenant: UUID) async throws(PostgresError) -> RegisteredClient? {
        let key = Key(tenant: tenant, identifier: identifier)
        let (known, generation) = state.withLockedValue { ($0.clients[key], $0.generation) }
        if let known { return known }
        let rows = try await postgres.query(ClientStatements.active, [.text(identifier)], scope: .tenant(tenant))
        guard let client = try rows.first.map({ row throws(PostgresError) in try RegisteredClient(row) }) else {
            return nil
        }
        state.withLockedValue { state in
            guard state.generation == generation else { return }
            if state.clients.count >= Self.capacity { state.clients.removeAll(keepingCapacity: true) }
            state.clients[key] = client
        }
        return client
    }

    /// Whether a resource is one that tokens of the tenant can be meant for.
    func isAudience(_ resource: String, of tenant: UUID) async throws(PostgresError) -> Bool {
        try await !postgres.query(ClientStatements.audience, [.text(resource)], scope: .tenant(tenant)).isEmpty
    }

    /// Forgets a tenant's clients when an event says that one changed.
    func apply(_ event: Event) {
        guard event.kind == .clientChanged else { return }
        state.withLockedValue { state in
            state.generation += 1
            state.clients = state.clients.filter { $0.key.tenant != event.tenant }
        }
    }

    /// Forgets all clients: what was learned of them may be lost.
    func forget() {
        state.withLockedValue { state in
            state.generation += 1
            state.clients.removeAll()
        }
    }
}
