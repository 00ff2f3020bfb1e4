import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// A login, or a try at one, as the account's owner sees it.
struct ActivityView: ResponseContent {
    var id: UUID
    var at: Date
    var outcome: String
    var reason: String?
    var session: UUID?
    var deviceName: String?
    var browser: String?
    var system: String?
    var address: String?

    static let example = ActivityView(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071),
        at: Date(timeIntervalSince1970: 1_767_225_600), outcome: "failure", reason: "wrong_password",
        deviceName: nil, browser: "Firefox", system: "Linux", address: "192.0.2.7")

    func write(to fields: inout some FieldSink) {
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
struct ActivityPage: ResponseContent {
    let entries: [ActivityView]
    /// Brings the next page, when there is one.
    let next: String?

    static let example = ActivityPage(entries: [.example], next: nil)

    func write(to fields: inout some FieldSink) {
        fields.field("activity", entries)
        fields.field("next_cursor", next)
    }
}

/// Which page.
struct ActivityQuery: RequestContent {
    let limit: Int
    let cursor: UUID?

    init(from fields: inout FieldReader) {
        limit = fields.optional("limit", .number(1...200)) ?? 50
        cursor = fields.optional("cursor", .id)
    }
}

/// The logins to one's own account.
struct ActivityEndpoint {
    let postgres: PostgresClient

    var endpoint: Operation {
        let postgres = postgres
        return Route(
            .get, "/api/v1/users/me/activity", id: "listOwnActivity", tag: "self",
            summary: "Logins to your account and tries at one, the latest first", access: .bearer
        )
        .handle(query: ActivityQuery.self) { call, query in
            let rows = try await postgres.query(
                Self.page, [.uuid(call.person().user), .optional(query.cursor), .int4(Int32(query.limit + 1))],
                scope: .tenant(call.tenant))
            var entries = try rows.map { row throws(PostgresError) in try ActivityView(row) }
            // One more than was asked for tells whether there is a next page.
            let hasMore = entries.count > query.limit
            if hasMore { entries.removeLast() }
            return ActivityPage(entries: entries, next: hasMore ? entries.last?.id.text : nil)
        }
    }

    /// Ids are made in order of time: an entry's id is the place to go on from.
    private static let page = PostgresStatement(
        "activity_page", [.uuid, .uuid, .int4],
        """
        select id, created_at, outcome, reason, session_id, device_name, user_agent, host(ip)
        from login_history
        where tenant_id = current_tenant() and user_id = $1 and ($2 is null or id < $2)
        order by id desc
        limit $3
        """)
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
