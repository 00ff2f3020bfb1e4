import Domain
import FoundationEssentials
import Kit
import Postgres

/// A session as its user sees it: one sign-in on one device.
struct SessionView: ResponseContent {
    var id: UUID
    var client: String
    var deviceName: String?
    var browser: String?
    var system: String?
    var address: String?
    var createdAt: Date
    var lastSeenAt: Date
    var expiresAt: Date
    var isCurrent = false

    static let example = SessionView(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071), client: "gatehouse",
        deviceName: "Ada's laptop", browser: "Firefox", system: "Linux", address: "192.0.2.7",
        createdAt: Date(timeIntervalSince1970: 1_767_225_600), lastSeenAt: Date(timeIntervalSince1970: 1_767_229_200),
        expiresAt: Date(timeIntervalSince1970: 1_767_830_400), isCurrent: true)

    func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("client_id", client)
        fields.field("device_name", deviceName)
        fields.field("browser", browser)
        fields.field("os", system)
        fields.field("ip", address)
        fields.field("created_at", createdAt)
        fields.field("last_seen_at", lastSeenAt)
        fields.field("expires_at", expiresAt)
        fields.field("current", isCurrent)
    }
}

extension SessionView {
    /// Reads a row of `SessionStatements.list`.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.decode(0), client: try row.decode(1), deviceName: try row.decode(2),
            browser: try row.decode(3), system: try row.decode(4), address: try row.decode(5),
            createdAt: try row.decode(6), lastSeenAt: try row.decode(7), expiresAt: try row.decode(8))
    }
}

/// A list of sessions.
struct SessionList: ResponseContent {
    let sessions: [SessionView]

    static let example = SessionList(sessions: [.example])

    func write(to fields: inout some FieldSink) {
        fields.field("sessions", sessions)
    }
}

/// How many sessions were ended.
struct EndedSessions: ResponseContent {
    let count: Int

    static let example = EndedSessions(count: 3)

    func write(to fields: inout some FieldSink) {
        fields.field("revoked", count)
    }
}
