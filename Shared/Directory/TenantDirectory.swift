public import Domain
public import FoundationEssentials
import NIOConcurrencyHelpers
public import Postgres

/// All tenants, in memory: found by id, slug or host without a query.
public final class TenantDirectory: Sendable {
    private struct State {
        var byID: [UUID: Tenant] = [:]
        var bySlug: [String: UUID] = [:]
        var byHost: [String: UUID] = [:]
    }

    private let postgres: PostgresClient
    private let state: NIOLockedValueBox<State>

    /// A directory of these tenants, as a rule none, until `load`.
    public init(postgres: PostgresClient, tenants: [Tenant] = []) {
        self.postgres = postgres
        state = NIOLockedValueBox(
            State(
                byID: Dictionary(uniqueKeysWithValues: tenants.map { ($0.id, $0) }),
                bySlug: Dictionary(uniqueKeysWithValues: tenants.map { ($0.slug, $0.id) })))
    }

    /// The tenant of that id.
    public func tenant(_ id: UUID) -> Tenant? { state.withLockedValue { $0.byID[id] } }

    /// The tenant of that slug.
    public func tenant(slug: String) -> Tenant? {
        state.withLockedValue { state in state.bySlug[slug].flatMap { state.byID[$0] } }
    }

    /// The tenant that host belongs to; `host` is in lower case and without a port.
    public func tenant(host: String) -> Tenant? {
        state.withLockedValue { state in state.byHost[host].flatMap { state.byID[$0] } }
    }

    /// Whether it was read: there is always one tenant.
    public var isLoaded: Bool { state.withLockedValue { !$0.byID.isEmpty } }

    /// Whether any tenant has hosts of its own, so that requests without need no look at theirs.
    public var hasHosts: Bool { state.withLockedValue { !$0.byHost.isEmpty } }

    /// Reads all tenants.
    public func load() async throws(PostgresError) {
        let answers = try await postgres.pipeline([PostgresStep(Self.tenants, []), PostgresStep(Self.hosts, [])])
        var loaded = State()
        for row in answers[0] {
            let tenant = Tenant(
                id: try row.decode(0), slug: try row.decode(1), name: try row.decode(2),
                isActive: try row.decode(3, as: String.self) == "active",
                settings: Self.settings(try row.decode(4)))
            loaded.byID[tenant.id] = tenant
            loaded.bySlug[tenant.slug] = tenant.id
        }
        for row in answers[1] { loaded.byHost[try row.decode(0)] = try row.decode(1) }
        let complete = loaded
        state.withLockedValue { $0 = complete }
    }

    /// Settings this version can't read fall back to the defaults, so that one tenant's row can't stop them all.
    private static func settings(_ json: String) -> TenantSettings {
        (try? JSONDecoder().decode(TenantSettings.self, from: Data(json.utf8))) ?? TenantSettings()
    }

    private static let tenants = PostgresStatement(
        "directory_tenants", [], "select id, slug, name, state, settings::text from tenants")
    private static let hosts = PostgresStatement("directory_hosts", [], "select host, tenant_id from tenant_hosts")
}
