import Domain
import FoundationEssentials
import Kit
import Postgres

/// A tenant as a superuser sees it.
struct ManagedTenant: ResponseContent {
    var id: UUID
    var slug: String
    var name: String
    var state: String
    var settings: TenantSettingsView
    /// What it decided for itself, as it is stored.
    var stored: String
    /// The host names that requests reach it by.
    var hosts: [String]
    /// When it is deleted, unless that is taken back.
    var deleteAfter: Date?
    var createdAt: Date
    var updatedAt: Date

    static let example = ManagedTenant(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071), slug: "acme", name: "Acme", state: "active",
        settings: .example, stored: "{}", hosts: ["login.acme.example"],
        createdAt: Date(timeIntervalSince1970: 1_767_225_600),
        updatedAt: Date(timeIntervalSince1970: 1_767_229_200))

    func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("slug", slug)
        fields.field("name", name)
        fields.field("state", state)
        fields.field("settings", settings)
        fields.field("hosts", hosts)
        fields.field("delete_after", deleteAfter)
        fields.field("created_at", createdAt)
        fields.field("updated_at", updatedAt)
    }
}

extension ManagedTenant {
    /// Reads a row of `TenantStatements.tenant` or `.list`.
    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode(0)
        slug = try row.decode(1)
        name = try row.decode(2)
        state = try row.decode(3)
        stored = try row.decode(4)
        // As everywhere: what this version can't read counts as not said.
        let decoded = try? JSONDecoder().decode(TenantSettings.self, from: Data(stored.utf8))
        settings = TenantSettingsView(settings: decoded ?? TenantSettings())
        createdAt = try row.decode(5)
        updatedAt = try row.decode(6)
        hosts = try row.decode(7)
        deleteAfter = try row.decode(8)
    }

    /// What the audit log tells of a change from `self` to `after`.
    func changes(to after: ManagedTenant) -> AuditDetail {
        var detail = AuditDetail()
        detail.compare("name", name, after.name)
        detail.compare("state", state, after.state)
        detail.compare("hosts", hosts, after.hosts)
        detail.compare("delete_after", deleteAfter.map(Timestamp.text), after.deleteAfter.map(Timestamp.text))
        guard stored != after.stored else { return detail }
        let (before, now) = (try? JSONParser.parse(stored.utf8), try? JSONParser.parse(after.stored.utf8))
        for key in TenantSettings.CodingKeys.allCases {
            detail.compare("settings.\(key.rawValue)", before?[key.rawValue] ?? .null, now?[key.rawValue] ?? .null)
        }
        return detail
    }
}

/// One page of tenants.
struct ManagedTenantList: ResponseContent {
    let page: ListPage<ManagedTenant>

    static let example = ManagedTenantList(page: ListPage([.example], limit: 1, list: []) { $0.id })

    func write(to fields: inout some FieldSink) {
        fields.field("tenants", page.elements)
        fields.field("next_cursor", page.nextCursor)
    }
}
