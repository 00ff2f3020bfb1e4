public import Domain
public import FoundationEssentials
import NIOConcurrencyHelpers
public import Postgres

/// All tenants, in memory: found by id, slug or host without a query.
public final class TenantDirectory: Sendable {
    private struct Contents {
        var byID: [UUID: Tenant] = [:]
        var bySlug: [String: UUID] = [:]
        var byHost: [String: UUID] = [:]
        var hosts: [UUID: [String]] = [:]

        mutating func add(host: String, of tenant: UUID) {
            byHost[host] = tenant
            hosts[tenant, default: []].append(host)
        }

        mutating func add(_ tenant: Tenant) {
            byID[tenant.id] = tenant
            bySlug[tenant.slug] = tenant.id
        }

        /// What is known of those tenants, without names and hosts that another has got meanwhile.
        func part(of ids: Set<UUID>) -> Contents {
            var part = Contents()
            for id in ids {
                if let tenant = byID[id] {
                    part.byID[id] = tenant
                    if bySlug[tenant.slug] == id { part.bySlug[tenant.slug] = id }
                }
                for host in hosts[id] ?? [] where byHost[host] == id { part.add(host: host, of: id) }
            }
            return part
        }

        /// Puts what was read of those tenants in the place of what was known of them.
        mutating func replace(_ ids: Set<UUID>, with read: Contents) {
            for id in ids {
                for host in hosts.removeValue(forKey: id) ?? [] where byHost[host] == id { byHost[host] = nil }
                guard let former = byID.removeValue(forKey: id) else { continue }
                // Another may have got the name or the host meanwhile.
                if bySlug[former.slug] == id { bySlug[former.slug] = nil }
            }
            byID.merge(read.byID) { $1 }
            bySlug.merge(read.bySlug) { $1 }
            for (host, tenant) in read.byHost { add(host: host, of: tenant) }
        }
    }

    private struct State {
        var contents: Contents
        var order = LoadOrder()

        mutating func replace(_ extent: DirectoryExtent, with read: Contents, by load: Int) {
            switch extent {
            case .everything:
                guard let later = order.admit(complete: load) else { return }
                var read = read
                read.replace(later, with: contents.part(of: later))
                contents = read
            case .tenants(let ids):
                let admitted = order.admit(ids, by: load)
                var part = read.part(of: admitted)
                // What a later load has found with another tenant is no longer one of these'.
                part.bySlug = part.bySlug.filter { !isLater(contents.bySlug[$0.key], than: load) }
                part.byHost = part.byHost.filter { !isLater(contents.byHost[$0.key], than: load) }
                contents.replace(admitted, with: part)
            }
        }

        private func isLater(_ holder: UUID?, than load: Int) -> Bool {
            holder.map { order.isLater($0, than: load) } ?? false
        }
    }

    private let postgres: PostgresClient
    private let state: NIOLockedValueBox<State>

    /// A directory of these tenants, as a rule none, until `load`.
    public init(postgres: PostgresClient, tenants: [Tenant] = []) {
        self.postgres = postgres
        state = NIOLockedValueBox(
            State(
                contents: Contents(
                    byID: Dictionary(uniqueKeysWithValues: tenants.map { ($0.id, $0) }),
                    bySlug: Dictionary(uniqueKeysWithValues: tenants.map { ($0.slug, $0.id) }))))
    }

    /// The tenant of that id.
    public func tenant(_ id: UUID) -> Tenant? { state.withLockedValue { $0.contents.byID[id] } }

    /// The tenant of that slug.
    public func tenant(slug: String) -> Tenant? {
        state.withLockedValue { state in state.contents.bySlug[slug].flatMap { state.contents.byID[$0] } }
    }

    /// The tenant that host belongs to; `host` is in lower case and without a port.
    public func tenant(host: String) -> Tenant? {
        state.withLockedValue { state in state.contents.byHost[host].flatMap { state.contents.byID[$0] } }
    }

    /// Whether it was read: there is always one tenant.
    public var isLoaded: Bool { state.withLockedValue { !$0.contents.byID.isEmpty } }

    /// Whether any tenant has hosts of its own, so that requests without need no look at theirs.
    public var hasHosts: Bool { state.withLockedValue { !$0.contents.byHost.isEmpty } }

    /// Reads tenants: all of them, unless told.
    public func load(_ extent: DirectoryExtent = .everything) async throws(PostgresError) {
        let load = state.withLockedValue { $0.order.begin() }
        let steps =
            switch extent {
            case .everything: [PostgresStep(Self.tenants, []), PostgresStep(Self.hosts, [])]
            case .tenants(let ids):
                [Self.tenantsOf, Self.hostsOf].map { PostgresStep($0, [.uuidArray(Array(ids))]) }
            }
        let answers = try await postgres.pipeline(steps)
        var read = Contents()
        for row in answers[0] {
            read.add(
                Tenant(
                    id: try row.decode(0), slug: try row.decode(1), name: try row.decode(2),
                    isActive: try row.decode(3, as: String.self) == "active",
                    settings: Self.settings(try row.decode(4))))
        }
        for row in answers[1] { read.add(host: try row.decode(0), of: try row.decode(1)) }
        let loaded = read
        state.withLockedValue { $0.replace(extent, with: loaded, by: load) }
    }

    /// Settings this version can't read fall back to the defaults, so that one tenant's row can't stop them all.
    private static func settings(_ json: String) -> TenantSettings {
        (try? JSONDecoder().decode(TenantSettings.self, from: Data(json.utf8))) ?? TenantSettings()
    }

    private static let tenants = PostgresStatement(
        "directory_tenants", [], "select id, slug, name, state, settings::text from tenants")
    private static let hosts = PostgresStatement("directory_hosts", [], "select host, tenant_id from tenant_hosts")
    private static let tenantsOf = PostgresStatement(
        "directory_tenants_of", [.uuidArray],
        "select id, slug, name, state, settings::text from tenants where id = any ($1)")
    private static let hostsOf = PostgresStatement(
        "directory_hosts_of", [.uuidArray], "select host, tenant_id from tenant_hosts where tenant_id = any ($1)")
}
