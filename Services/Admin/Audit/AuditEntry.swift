import Domain
import FoundationEssentials
import Kit
import Postgres

/// One row of the audit log as an administrator sees it.
struct AuditEntry: ResponseContent {
    let id: UUID
    let createdAt: Date
    /// Microseconds since 1970: where the next page begins.
    let microseconds: Int64
    let actorKind: String
    let actorID: UUID?
    let action: String
    let targetKind: String
    let targetID: String?
    let address: String?
    let requestID: String?
    let detail: JSONValue
    /// The order in which rows are sealed.
    let position: Int

    static let example = AuditEntry(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071),
        createdAt: Date(timeIntervalSince1970: 1_767_225_600), microseconds: 1_767_225_600_000_000, actorKind: "user",
        actorID: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6072), action: "user.changed",
        targetKind: "user", targetID: "019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6073", address: "192.0.2.7",
        requestID: "5sv282o6fhjn2",
        detail: .object([
            .init("state", .object([.init("before", .string("active")), .init("after", .string("disabled"))]))
        ]),
        position: 42)

    func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("created_at", createdAt)
        fields.field("actor_type", actorKind)
        fields.field("actor_id", actorID.map(\.text))
        fields.field("action", action)
        fields.field("target_type", targetKind)
        fields.field("target_id", targetID)
        fields.field("ip", address)
        fields.field("request_id", requestID)
        fields.field("detail", detail)
        fields.field("position", position)
    }
}

extension AuditEntry {
    /// Reads a row of one of `AuditStatements`.
    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode(0)
        createdAt = try row.decode(1)
        microseconds = try row.decode(2)
        actorKind = try row.decode(3)
        actorID = try row.decode(4)
        action = try row.decode(5)
        targetKind = try row.decode(6)
        targetID = try row.decode(7)
        address = try row.decode(8)
        requestID = try row.decode(9)
        let text: String = try row.decode(10)
        detail = (try? JSONParser.parse(text.utf8)) ?? .null
        position = try row.decode(11)
    }
}

/// One page of the audit log.
struct AuditPage: ResponseContent {
    let entries: [AuditEntry]
    let nextCursor: String?

    static let example = AuditPage(entries: [.example], nextCursor: nil)

    func write(to fields: inout some FieldSink) {
        fields.field("entries", entries)
        fields.field("next_cursor", nextCursor)
    }
}
