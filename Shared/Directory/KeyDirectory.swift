public import FoundationEssentials
import NIOConcurrencyHelpers
public import NIOCore
public import Postgres
public import Tokens

/// The public keys of every tenant, in memory. A key is looked up only in its own tenant's set.
public final class KeyDirectory: Sendable {
    /// One tenant's keys, in the order they were made.
    public struct KeySet: Sendable {
        fileprivate(set) var byID: [String: VerificationKey] = [:]
        fileprivate(set) var ordered: [VerificationKey] = []
    }

    private struct State {
        var sets: [UUID: KeySet] = [:]
        var generation = 0
        var lastReload: NIODeadline?
    }

    private let postgres: PostgresClient
    private let state: NIOLockedValueBox<State>

    /// A directory of these keys, as a rule none, until `load`.
    public init(postgres: PostgresClient, keys: [UUID: [VerificationKey]] = [:]) {
        self.postgres = postgres
        let sets = keys.mapValues { keys in
            KeySet(byID: Dictionary(uniqueKeysWithValues: keys.map { ($0.kid, $0) }), ordered: keys)
        }
        state = NIOLockedValueBox(State(sets: sets))
    }

    /// The key of that id in the tenant's set.
    public func key(_ kid: String, of tenant: UUID) -> VerificationKey? {
        state.withLockedValue { $0.sets[tenant]?.byID[kid] }
    }

    /// The tenant's keys, published and in use and retired ones whose tokens may still live.
    public func keys(of tenant: UUID) -> [VerificationKey] {
        state.withLockedValue { $0.sets[tenant]?.ordered ?? [] }
    }

    /// Rises with every load, so that what was derived from the keys can be dropped.
    public var generation: Int { state.withLockedValue { $0.generation } }

    /// Whether a key that isn't known is worth a load now: at most one such load a second, so that made-up key ids
    /// can't be used to keep the database busy.
    public func mayReload(_ now: NIODeadline = .now()) -> Bool {
        state.withLockedValue { state in
            if let last = state.lastReload, now - last < .seconds(1) { return false }
            state.lastReload = now
            return true
        }
    }

    /// Reads keys, of all tenants unless told. One that can't be used is left out; its tokens are then refused.
    public func load(_ extent: DirectoryExtent = .everything) async throws(PostgresError) {
        var sets: [UUID: KeySet] = [:]
        let rows =
            switch extent {
            case .everything: try await postgres.query(Self.keys)
            case .tenants(let ids): try await postgres.query(Self.keysOf, [.uuidArray(Array(ids))])
            }
        for row in rows {
            let tenant: UUID = try row.decode(0)
            let raw: [UInt8] = try row.decode(3)
            guard let algorithm = SigningAlgorithm(rawValue: try row.decode(2)),
                let key = try? VerificationKey(kid: try row.decode(1), algorithm: algorithm, rawRepresentation: raw)
            else { continue }
            sets[tenant, default: KeySet()].byID[key.kid] = key
            sets[tenant]?.ordered.append(key)
        }
        let loaded = sets
        state.withLockedValue { state in
            switch extent {
            case .everything: state.sets = loaded
            case .tenants(let ids): for id in ids { state.sets[id] = loaded[id] }
            }
            state.generation += 1
        }
    }

    private static let keys = PostgresStatement(
        "directory_keys", [],
        "select tenant_id, kid, algorithm, public_key from verification_keys order by tenant_id, created_at")
    private static let keysOf = PostgresStatement(
        "directory_keys_of", [.uuidArray],
        """
        select tenant_id, kid, algorithm, public_key from verification_keys where tenant_id = any ($1)
        order by tenant_id, created_at
        """)
}
