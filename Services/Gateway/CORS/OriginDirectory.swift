import Domain
import FoundationEssentials
import NIOConcurrencyHelpers
import Postgres

/// The origins that each tenant's clients have named, in memory.
final class OriginDirectory: Sendable {
    private let postgres: PostgresClient
    private let origins = NIOLockedValueBox<[UUID: Set<String>]>([:])

    /// A directory, empty until `load`.
    init(postgres: PostgresClient) {
        self.postgres = postgres
    }

    /// Whether a client of the tenant has named the origin.
    func contains(_ origin: String, of tenant: UUID) -> Bool {
        origins.withLockedValue { $0[tenant]?.contains(origin) ?? false }
    }

    /// Reads all of them.
    func load() async throws(PostgresError) {
        var loaded: [UUID: Set<String>] = [:]
        for row in try await postgres.query(Self.all) {
            if let origin = Origin(try row.decode(1, as: String.self)) {
                loaded[try row.decode(0), default: []].insert(origin.text)
            }
        }
        let complete = loaded
        origins.withLockedValue { $0 = complete }
    }

    private static let all = PostgresStatement(
        "origins_all", [], "select tenant_id, origin from client_origins")
}
