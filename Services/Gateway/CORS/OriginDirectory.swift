import Directory
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

    /// Reads them, of all tenants unless told.
    func load(_ extent: DirectoryExtent = .everything) async throws(PostgresError) {
        var read: [UUID: Set<String>] = [:]
        let rows =
            switch extent {
            case .everything: try await postgres.query(Self.all)
            case .tenants(let ids): try await postgres.query(Self.some, [.uuidArray(Array(ids))])
            }
        for row in rows {
            if let origin = Origin(try row.decode(1, as: String.self)) {
                read[try row.decode(0), default: []].insert(origin.text)
            }
        }
        let loaded = read
        origins.withLockedValue { origins in
            switch extent {
            case .everything: origins = loaded
            case .tenants(let ids): for id in ids { origins[id] = loaded[id] }
            }
        }
    }

    private static let all = PostgresStatement(
        "origins_all", [], "select tenant_id, origin from client_origins")
    private static let some = PostgresStatement(
        "origins_of", [.uuidArray], "select tenant_id, origin from client_origins where tenant_id = any ($1)")
}
