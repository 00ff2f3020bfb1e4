import Domain
import FoundationEssentials
import Kit
import Postgres

/// An organization as somebody who belongs to it sees it.
struct OrganizationView: ResponseContent {
    var id: UUID
    var slug: String
    var name: String
    /// What the one who asks is there.
    var role: OrganizationRole
    var joinedAt: Date
    var createdAt: Date
    var updatedAt: Date

    static let example = OrganizationView(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6081), slug: "analytical-engines",
        name: "Analytical Engines", role: .owner, joinedAt: Date(timeIntervalSince1970: 1_767_225_600),
        createdAt: Date(timeIntervalSince1970: 1_767_225_600), updatedAt: Date(timeIntervalSince1970: 1_767_225_600))

    func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("slug", slug)
        fields.field("name", name)
        fields.field("role", role.name)
        fields.field("permissions", role.ownPermissions)
        fields.field("joined_at", joinedAt)
        fields.field("created_at", createdAt)
        fields.field("updated_at", updatedAt)
    }
}

extension OrganizationRole {
    /// The permissions of a role that the organization made, in order; none for the three that every one has.
    var ownPermissions: [String] { if case .custom(_, _, let permissions) = self { permissions.sorted() } else { [] } }

    /// Reads four columns: which of the three, and the id, name and permissions of one that the organization made.
    init(_ row: PostgresRow, at first: Int) throws(PostgresError) {
        if let id: UUID = try row.decode(first + 1) {
            self = .custom(
                id: id, name: try row.decode(first + 2), permissions: Set(try row.decode(first + 3, as: [String].self)))
        } else {
            self = OrganizationRole(builtin: try row.decode(first)) ?? .member
        }
    }
}

extension OrganizationView {
    /// Reads a row of `OrganizationStatements.one` or `.ofUser`.
    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode(0)
        slug = try row.decode(1)
        name = try row.decode(2)
        joinedAt = try row.decode(3)
        createdAt = try row.decode(4)
        updatedAt = try row.decode(5)
        role = try OrganizationRole(row, at: 6)
    }
}

/// A page of one's organizations.
struct OrganizationPage: ResponseContent {
    let organizations: [OrganizationView]
    /// Brings the next page, when there is one.
    let next: String?

    static let example = OrganizationPage(organizations: [.example], next: nil)

    func write(to fields: inout some FieldSink) {
        fields.field("organizations", organizations)
        fields.field("next_cursor", next)
    }
}

/// Which page of a list: its cursors are the ids of its elements.
struct PageQuery: RequestContent {
    let limit: Int
    let cursor: UUID?

    init(from fields: inout FieldReader) {
        limit = fields.optional("limit", .number(1...200)) ?? 50
        cursor = fields.optional("cursor", .id)
    }

    /// Parameters for the cursor and one element more than the page holds, which tells whether there is a next one.
    var parameters: [PostgresValue] { [.optional(cursor), .int4(Int32(limit + 1))] }

    /// Cuts the page from what those brought.
    func cut<Element>(_ elements: [Element], id: (Element) -> UUID) -> (page: [Element], next: String?) {
        let page = Array(elements.prefix(limit))
        return (page, elements.count > limit ? page.last.map { id($0).text } : nil)
    }
}
