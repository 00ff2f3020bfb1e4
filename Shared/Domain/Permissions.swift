/// What somebody may do: everything, all of a tenant, or what has names.
public enum Permissions: Sendable, Equatable {
    /// A superuser's: whatever there is, in every tenant.
    case everything
    /// An ADMIN's: every permission of the tenant, also those that come later.
    case wholeTenant
    /// These, and no other.
    case named(Set<String>)

    /// What roles give together.
    /// - Parameters:
    ///   - roles: The names of all roles held; of the custom ones nothing follows from the name.
    ///   - custom: The permissions that the custom ones among them are made of.
    public init(roles: some Sequence<String>, custom: some Sequence<String>) {
        var named = Set(custom)
        var isWholeTenant = false
        for role in roles {
            switch role {
            case BuiltinRole.superuser:
                self = .everything
                return
            case BuiltinRole.admin: isWholeTenant = true
            case BuiltinRole.moderator: named.formUnion(BuiltinRole.moderatorPermissions.map(\.rawValue))
            default: break
            }
        }
        self = isWholeTenant ? .wholeTenant : .named(named)
    }

    /// None at all.
    public static let none = Permissions.named([])

    /// Whether a permission that exists is among them.
    public func contains(_ name: String) -> Bool {
        switch self {
        case .everything, .wholeTenant: true
        case .named(let names): names.contains(name)
        }
    }

    /// Whether a permission of the catalogue is among them.
    public func contains(_ permission: Permission) -> Bool { contains(permission.rawValue) }

    /// What of `others` is missing here, by a name for people to read: a permission, or the role that stands for more
    /// than names can say. Nil when nothing is: nobody grants, or acts on whoever holds, what they don't hold themselves.
    public func lacks(of others: Permissions) -> String? {
        switch (self, others) {
        case (.everything, _), (.wholeTenant, .wholeTenant), (.wholeTenant, .named): nil
        case (_, .everything): BuiltinRole.superuser
        case (.named, .wholeTenant): BuiltinRole.admin
        case (.named(let own), .named(let theirs)): theirs.subtracting(own).min()
        }
    }
}
