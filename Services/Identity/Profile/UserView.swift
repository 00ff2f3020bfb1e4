import Domain
import FoundationEssentials
import Kit
import Postgres

/// A user as they see themselves.
struct UserView: ResponseContent {
    var id: UUID
    var email: String?
    var isEmailVerified: Bool
    var username: String?
    var displayName: String?
    var roles: [String]
    var createdAt: Date
    /// The organization that the token speaks of, and what they are there.
    var organization: (id: UUID, role: OrganizationRole)?

    static let example = UserView(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071), email: "ada@example.com",
        isEmailVerified: false, username: "ada", displayName: "Ada Lovelace", roles: [BuiltinRole.user],
        createdAt: Date(timeIntervalSince1970: 1_767_225_600))

    func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("email", email)
        fields.field("email_verified", isEmailVerified)
        fields.field("username", username)
        fields.field("display_name", displayName)
        fields.field("roles", roles)
        fields.field("created_at", createdAt)
        fields.field("organization_id", organization?.id.text)
        fields.field("organization_role", organization?.role.name)
    }

    /// Reads a row of `ProfileStatements.user`.
    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode(0)
        email = try row.decode(1)
        isEmailVerified = try row.decode(2)
        username = try row.decode(3)
        displayName = try row.decode(4)
        roles = try row.decode(5)
        createdAt = try row.decode(6)
    }

    init(
        id: UUID, email: String?, isEmailVerified: Bool, username: String?, displayName: String?, roles: [String],
        createdAt: Date
    ) {
        self.id = id
        self.email = email
        self.isEmailVerified = isEmailVerified
        self.username = username
        self.displayName = displayName
        self.roles = roles
        self.createdAt = createdAt
    }
}
