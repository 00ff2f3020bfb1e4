import Domain
import FoundationEssentials
import Kit
import Postgres

/// A role of the tenant, with what it gives.
struct ManagedRole: ResponseContent {
    var id: UUID
    var name: String
    var description: String
    var isBuiltin: Bool
    var permissions: [String]
    var createdAt: Date
    var updatedAt: Date

    static let example = ManagedRole(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071), name: "helpdesk",
        description: "Looks after people who can't get in", isBuiltin: false,
        permissions: [Permission.usersRead.rawValue, Permission.sessionsRevoke.rawValue, "orders:read"],
        createdAt: Date(timeIntervalSince1970: 1_767_225_600), updatedAt: Date(timeIntervalSince1970: 1_767_229_200))

    func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("name", name)
        fields.field("description", description)
        fields.field("builtin", isBuiltin)
        fields.field("permissions", permissions)
        fields.field("created_at", createdAt)
        fields.field("updated_at", updatedAt)
    }

    /// What it gives, as far as names can say.
    var gives: Permissions {
        isBuiltin ? Permissions(roles: [name], custom: []) : .named(Set(permissions))
    }
}

extension ManagedRole {
    /// Reads a row of `RoleStatements.role` or `.list`. A built-in role's permissions are in the code; ADMIN's are all that
    /// there are, those of the tenant's applications among them.
    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode(0)
        name = try row.decode(1)
        description = try row.decode(2)
        isBuiltin = try row.decode(3)
        let stored: [String] = try row.decode(4)
        switch (isBuiltin, name) {
        case (false, _): permissions = stored
        case (true, BuiltinRole.admin): permissions = Permission.allCases.map(\.rawValue) + stored
        case (true, BuiltinRole.moderator): permissions = BuiltinRole.moderatorPermissions.map(\.rawValue)
        case (true, _): permissions = []
        }
        createdAt = try row.decode(5)
        updatedAt = try row.decode(6)
    }

    /// What the audit log tells of a change from `self` to `after`.
    func changes(to after: ManagedRole) -> AuditDetail {
        var detail = AuditDetail()
        detail.compare("name", name, after.name)
        detail.compare("description", description, after.description)
        detail.compare("permissions", permissions, after.permissions)
        return detail
    }
}

/// Every role of the tenant.
struct ManagedRoleList: ResponseContent {
    let roles: [ManagedRole]

    static let example = ManagedRoleList(roles: [.example])

    func write(to fields: inout some FieldSink) {
        fields.field("roles", roles)
    }
}
