import Domain
import FoundationEssentials
import Kit
import Postgres

/// A registered client as an administrator sees it; never its secret.
struct ManagedClient: ResponseContent {
    var id: UUID
    var identifier: String
    var name: String
    var isConfidential: Bool
    var isFirstParty: Bool
    var state: String
    var grantTypes: [String]
    var scopes: [String]
    var audiences: [String]
    var origins: [String]
    var reuseInterval: Int
    var createdAt: Date
    var updatedAt: Date
    var lifetimes = ClientLifetimes()
    /// Until when the secret before the present one is good; nil when it is not.
    var formerSecretExpiresAt: Date?

    /// Whether it is the one that sign-in through the API itself uses.
    var isBuiltin: Bool { identifier == DefaultTenant.firstPartyClient }

    static let example = ManagedClient(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071), identifier: "billing", name: "Billing",
        isConfidential: true, isFirstParty: false, state: "active", grantTypes: ["client_credentials"],
        scopes: ["invoices:read"], audiences: ["https://billing.example.com"], origins: [], reuseInterval: 0,
        createdAt: Date(timeIntervalSince1970: 1_767_225_600), updatedAt: Date(timeIntervalSince1970: 1_767_229_200))

    func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("client_id", identifier)
        fields.field("name", name)
        fields.field("confidential", isConfidential)
        fields.field("first_party", isFirstParty)
        fields.field("state", state)
        fields.field("grant_types", grantTypes)
        fields.field("scopes", scopes)
        fields.field("audiences", audiences)
        fields.field("origins", origins)
        fields.field("refresh_reuse_interval", reuseInterval)
        lifetimes.write(to: &fields)
        fields.field("former_secret_expires_at", formerSecretExpiresAt)
        fields.field("created_at", createdAt)
        fields.field("updated_at", updatedAt)
    }
}

extension ManagedClient {
    /// Reads a row of `ClientStatements.client` or `.list`.
    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode(0)
        identifier = try row.decode(1)
        name = try row.decode(2)
        isConfidential = try row.decode(3, as: String.self) == "confidential"
        isFirstParty = try row.decode(4)
        state = try row.decode(5)
        grantTypes = try row.decode(6)
        scopes = try row.decode(7)
        audiences = try row.decode(8)
        origins = try row.decode(9)
        reuseInterval = try row.decode(10)
        createdAt = try row.decode(11)
        updatedAt = try row.decode(12)
        lifetimes = ClientLifetimes(
            accessToken: try row.decode(13), sessionIdle: try row.decode(14), session: try row.decode(15))
        formerSecretExpiresAt = try row.decode(16)
    }

    /// What the audit log tells of a change from `self` to `after`.
    func changes(to after: ManagedClient) -> AuditDetail {
        var detail = AuditDetail()
        detail.compare("name", name, after.name)
        detail.compare("state", state, after.state)
        detail.compare("grant_types", grantTypes, after.grantTypes)
        detail.compare("scopes", scopes, after.scopes)
        detail.compare("audiences", audiences, after.audiences)
        detail.compare("origins", origins, after.origins)
        detail.compare("refresh_reuse_interval", reuseInterval, after.reuseInterval)
        lifetimes.compare(to: after.lifetimes, &detail)
        return detail
    }
}

/// One page of clients.
struct ManagedClientList: ResponseContent {
    let page: ListPage<ManagedClient>

    static let example = ManagedClientList(page: ListPage([.example], limit: 1, list: []) { $0.id })

    func write(to fields: inout some FieldSink) {
        fields.field("clients", page.elements)
        fields.field("next_cursor", page.nextCursor)
    }
}

/// A client that was just registered, with its secret, which is shown this once.
struct NewClient: ResponseContent {
    let client: ManagedClient
    let secret: String?

    static let example = NewClient(client: .example, secret: "ghs_Zm9yIGV4YW1wbGUgb25seSwgbm90IGEgc2VjcmV0Li4")

    func write(to fields: inout some FieldSink) {
        client.write(to: &fields)
        fields.member("client_secret", ifAny: secret)
    }
}
