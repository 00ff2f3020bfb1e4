import Domain
public import FoundationEssentials
public import Postgres

/// A login, or a try at one, as the account's owner and an administrator see it.
public struct ActivityView: ResponseContent {
    var id: UUID
    var at: Date
    var outcome: String
    var reason: String?
    var session: UUID?
    var deviceName: String?
    var browser: String?
    var system: String?
    var address: String?

    public static let example = ActivityView(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071),
        at: Date(timeIntervalSince1970: 1_767_225_600), outcome: "failure", reason: "wrong_password",
        deviceName: nil, browser: "Firefox", system: "Linux", address: "192.0.2.7")

    public func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("at", at)
        fields.field("outcome", outcome)
        fields.field("reason", reason)
        fields.field("session_id", session?.text)
        fields.field("device_name", deviceName)
        fields.field("browser", browser)
        fields.field("os", system)
        fields.field("ip", address)
    }
}

/// A page of logins, the latest first.
public struct ActivityPage: ResponseContent {
    let entries: [ActivityView]
    /// Brings the next page, when there is one.
    let next: String?

    public static let example = ActivityPage(entries: [.example], next: nil)

    public func write(to fields: inout some FieldSink) {
        fields.field("activity", entries)
        fields.field("next_cursor", next)
    }
}

/// Which page of logins.
public struct ActivityQuery: RequestContent {
    let limit: Int
    let cursor: UUID?

    public init(from fields: inout FieldReader) {
        limit = fields.optional("limit", .number(1...200)) ?? 50
        cursor = fields.optional("cursor", .id)
    }
}

extension ActivityQuery {
    /// Reads the page, and one entry of the next.
    public func page(of user: UUID) -> PostgresStep {
        PostgresStep(Self.statement, [.uuid(user), .optional(cursor), .int4(Int32(limit + 1))])
    }

    /// Ids are made in order of time: an entry's id is the place to go on from.
    private static let statement = PostgresStatement(
        "activity_page", [.uuid, .uuid, .int4],
        """
        select id, created_at, outcome, reason, session_id, device_name, user_agent, host(ip)
        from login_history
        where tenant_id = current_tenant() and user_id = $1 and ($2 is null or id < $2)
        order by id desc
        limit $3
        """)
}

extension ActivityPage {
    /// The page of the rows that `ActivityQuery.page` brought.
    public init(_ rows: PostgresRows, _ query: ActivityQuery) throws(PostgresError) {
        var entries = try rows.map { row throws(PostgresError) in try ActivityView(row) }
        // One more than was asked for tells whether there is a next page.
        let hasMore = entries.count > query.limit
        if hasMore { entries.removeLast() }
        self.init(entries: entries, next: hasMore ? entries.last?.id.text : nil)
    }
}

extension ActivityView {
    /// Reads a row of the page.
    init(_ row: PostgresRow) throws(PostgresError) {
        let agent = UserAgent(try row.decode(6, as: String?.self) ?? "")
        self.init(
            id: try row.decode(0), at: try row.decode(1), outcome: try row.decode(2), reason: try row.decode(3),
            session: try row.decode(4), deviceName: try row.decode(5), browser: agent.browser,
            system: agent.system, address: try row.decode(7))
    }
}
