/// What Gatehouse itself asks for before it does something, named `resource:action`. Applications have permissions of
/// their own beside these, which a tenant makes.
public enum Permission: String, CaseIterable, Sendable {
    case usersRead = "users:read"
    case usersWrite = "users:write"
    case usersDelete = "users:delete"
    case usersImport = "users:import"
    case usersExport = "users:export"
    case sessionsRead = "sessions:read"
    case sessionsRevoke = "sessions:revoke"
    case rolesRead = "roles:read"
    case rolesWrite = "roles:write"
    case clientsRead = "clients:read"
    case clientsWrite = "clients:write"
    case organizationsRead = "organizations:read"
    case organizationsWrite = "organizations:write"
    case keysRead = "keys:read"
    case keysRotate = "keys:rotate"
    case auditRead = "audit:read"
    case statsRead = "stats:read"
    case tenantRead = "tenant:read"
    case tenantWrite = "tenant:write"

    /// What whoever holds it may do.
    public var summary: String {
        switch self {
        case .usersRead: "See the users of the tenant, and ask what they may do"
        case .usersWrite: "Make and change users, lock and unlock them, make them choose a new password"
        case .usersDelete: "Delete users"
        case .usersImport: "Import users with their password hashes"
        case .usersExport: "Export users"
        case .sessionsRead: "See the sessions and logins of any user"
        case .sessionsRevoke: "End the sessions of any user"
        case .rolesRead: "See roles and permissions"
        case .rolesWrite: "Make and change roles and permissions, grant and withdraw roles"
        case .clientsRead: "See the registered clients"
        case .clientsWrite: "Register, change and remove clients"
        case .organizationsRead: "See every organization"
        case .organizationsWrite: "Change every organization"
        case .keysRead: "See the signing keys, their public facts only"
        case .keysRotate: "Rotate the signing keys"
        case .auditRead: "Read the audit log"
        case .statsRead: "See the numbers of the tenant"
        case .tenantRead: "See the tenant and its settings"
        case .tenantWrite: "Change the settings of the tenant"
        }
    }

    /// The part before the colon. A tenant's own permissions have other resources, so that none of theirs ever becomes
    /// one of a later version of Gatehouse unnoticed.
    public var resource: Substring { rawValue.prefix { $0 != ":" } }

    /// Resources that Gatehouse keeps for itself, those of its API among them.
    public static let reservedResources: Set<Substring> = Set(allCases.map(\.resource)).union([
        "tenants", "permissions", "events", "invitations", "webhooks", "gatehouse",
    ])
}

extension BuiltinRole {
    /// The names no custom role may have, in lower case.
    public static let reservedNames: Set<String> = ["user", "moderator", "admin", "superuser"]

    /// What MODERATOR gives. USER gives nothing, ADMIN all of its tenant, superuser everything.
    public static let moderatorPermissions: [Permission] = [.usersRead, .sessionsRead, .sessionsRevoke]
}
