import Domain
import FoundationEssentials
import Kit
import Postgres

/// A user as an administrator sees them.
struct ManagedUser: ResponseContent {
    var id: UUID
    var email: String?
    var isEmailVerified: Bool
    var username: String?
    var displayName: String?
    var state: String
    var held: HeldRoles
    /// Whether nobody can sign in with the password just now, after failures or by an administrator.
    var isLocked: Bool
    var createdAt: Date
    var updatedAt: Date

    /// The names of the roles, `superuser` among them where the user is one.
    var roles: [String] { held.names.sorted() }
    /// Whether this is one who may do everything in the whole system.
    var isSuperuser: Bool { held.names.contains(BuiltinRole.superuser) }

    static let example = ManagedUser(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071), email: "ada@example.com",
        isEmailVerified: true, username: "ada", displayName: "Ada Lovelace", state: "active",
        held: HeldRoles(claims: [BuiltinRole.user]), isLocked: false,
        createdAt: Date(timeIntervalSince1970: 1_767_225_600),
        updatedAt: Date(timeIntervalSince1970: 1_767_229_200))

    func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("email", email)
        fields.field("email_verified", isEmailVerified)
        fields.field("username", username)
        fields.field("display_name", displayName)
        fields.field("state", state)
        fields.field("roles", roles)
        fields.field("locked", isLocked)
        fields.field("created_at", createdAt)
        fields.field("updated_at", updatedAt)
    }
}

extension ManagedUser {
    /// Reads a row of `UserStatements.user` or `.users`.
    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode(0)
        email = try row.decode(1)
        isEmailVerified = try row.decode(2)
        username = try row.decode(3)
        displayName = try row.decode(4)
        state = try row.decode(5)
        held = HeldRoles(claims: try row.decode(6))
        isLocked = try row.decode(7)
        createdAt = try row.decode(8)
        updatedAt = try row.decode(9)
    }

    /// What the audit log tells of a change from `self` to `after`.
    func changes(to after: ManagedUser) -> AuditDetail {
        var detail = AuditDetail()
        detail.compare("email", email, after.email)
        detail.compare("email_verified", isEmailVerified, after.isEmailVerified)
        detail.compare("username", username, after.username)
        detail.compare("display_name", displayName, after.displayName)
        detail.compare("state", state, after.state)
        return detail
    }
}

/// One page of users.
struct ManagedUserList: ResponseContent {
    let users: [ManagedUser]
    let nextCursor: String?

    static let example = ManagedUserList(users: [.example], nextCursor: nil)

    func write(to fields: inout some FieldSink) {
        fields.field("users", users)
        fields.field("next_cursor", nextCursor)
    }
}
