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

        /// Keys are never changed, only added and removed.
        fileprivate func hasSameKeys(as other: KeySet) -> Bool { ordered.map(\.kid) == other.ordered.map(\.kid) }
    }

    private struct State {
        var sets: [UUID: KeySet] = [:]
        var generation = 0
        /// The loads for keys that weren't known, of the last second.
        var reloads: [UUID: NIODeadline] = [:]
        var order = LoadOrder()

        mutating func replace(_ extent: DirectoryExtent, with read: [UUID: KeySet], by load: Int) {
            switch extent {
            case .everything:
                guard let later = order.admit(complete: load) else { return }
                var read = read
                for tenant in later { read[tenant] = sets[tenant] }
                sets = read
                generation += 1
            case .tenants(let ids):
                var isChange = false
                for id in order.admit(ids, by: load) {
                    if !(sets[id] ?? KeySet()).hasSameKeys(as: read[id] ?? KeySet()) { isChange = true }
                    sets[id] = read[id]
                }
                if isChange { generation += 1 }
            }
        }
    }

    /// Loads within a second for keys that weren't known: of one tenant one, of all so many.
    private static let mostReloads = 16

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

    /// Rises when keys have changed, so that what was derived from them can be dropped.
    public var generation: Int { state.withLockedValue { $0.generation } }

    /// Whether a key that isn't known is worth a load of its tenant's now: made-up key ids can't be used to keep the database
    /// busy, nor to keep another tenant's from being looked for.
    public func mayReload(_ tenant: UUID, now: NIODeadline = .now()) -> Bool {
        state.withLockedValue { state in
            state.reloads = state.reloads.filter { now - $0.value < .seconds(1) }
            guard state.reloads[tenant] == nil, state.reloads.count < Self.mostReloads else { return false }
            state.reloads[tenant] = now
            return true
        }
    }

    /// Reads keys, of all tenants unless told. One that can't be used is left out; its tokens are then refused.
    public func load(_ extent: DirectoryExtent = .everything) async throws(PostgresError) {
        let load = state.withLockedValue { $0.order.begin() }
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
        state.withLockedValue { $0.replace(extent, with: loaded, by: load) }
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
