import Domain
public import FoundationEssentials
public import Postgres

/// A living session of a user: one sign-in on one device.
public struct UserSession: ResponseContent {
    /// Its id.
    public let id: UUID
    let client: String
    let deviceName: String?
    let browser: String?
    let system: String?
    let address: String?
    let createdAt: Date
    let lastSeenAt: Date
    let expiresAt: Date

    public static let example = UserSession(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071), client: "gatehouse",
        deviceName: "Ada's laptop", browser: "Firefox", system: "Linux", address: "192.0.2.7",
        createdAt: Date(timeIntervalSince1970: 1_767_225_600), lastSeenAt: Date(timeIntervalSince1970: 1_767_229_200),
        expiresAt: Date(timeIntervalSince1970: 1_767_830_400))

    public func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("client_id", client)
        fields.field("device_name", deviceName)
        fields.field("browser", browser)
        fields.field("os", system)
        fields.field("ip", address)
        fields.field("created_at", createdAt)
        fields.field("last_seen_at", lastSeenAt)
        fields.field("expires_at", expiresAt)
    }
}

extension UserSession {
    /// Reads a row of `UserSession.ofUser`.
    public init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.decode(0), client: try row.decode(1), deviceName: try row.decode(2),
            browser: try row.decode(3), system: try row.decode(4), address: try row.decode(5),
            createdAt: try row.decode(6), lastSeenAt: try row.decode(7), expiresAt: try row.decode(8))
    }

    /// The living sessions of a user, the latest first.
    public static let ofUser = PostgresStatement(
        "user_sessions", [.uuid],
        """
        select s.id, c.identifier, s.device_name, s.browser, s.os, host(s.ip), s.created_at, s.last_seen_at,
            least(s.expires_at, s.idle_expires_at)
        from sessions s
        join clients c on c.tenant_id = s.tenant_id and c.id = s.client_id
        where s.tenant_id = current_tenant() and s.user_id = $1 and s.revoked_at is null
            and least(s.expires_at, s.idle_expires_at) > now()
        order by s.last_seen_at desc, s.id desc
        limit 1000
        """)
}
