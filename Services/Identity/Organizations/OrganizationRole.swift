import FoundationEssentials

/// What somebody is in an organization, and by that what they may do there.
enum OrganizationRole: Sendable, Equatable {
    /// May do everything.
    case owner
    /// May do everything but end the organization, give it away, and act on owners and admins.
    case admin
    /// Sees the organization and its members, and may leave.
    case member
    /// A role that the organization made: a member who may do some things more.
    case custom(id: UUID, name: String, permissions: Set<String>)

    /// One of the three that every organization has, by its name.
    init?(builtin name: String) {
        switch name {
        case "owner": self = .owner
        case "admin": self = .admin
        case "member": self = .member
        default: return nil
        }
    }

    /// Its name, outside and in tokens.
    var name: String {
        switch self {
        case .owner: "owner"
        case .admin: "admin"
        case .member: "member"
        case .custom(_, let name, _): name
        }
    }

    /// Which of the three it is in the database, where a role of the organization's own stands beside `member`.
    var base: String { if case .custom = self { "member" } else { name } }

    /// The id of a role that the organization made.
    var customID: UUID? { if case .custom(let id, _, _) = self { id } else { nil } }
}

/// Who may do what to whom. Whoever acts has to be above those they act on and above what they give: nobody gives what
/// they don't hold, and two of one rank leave each other alone. Owners alone act on owners.
extension OrganizationRole {
    /// Whether it includes a permission. Owners and admins have every one, the application's own too.
    func holds(_ permission: String) -> Bool {
        switch self {
        case .owner, .admin: true
        case .member: false
        case .custom(_, _, let permissions): permissions.contains(permission)
        }
    }

    /// Whether it has all that `other` has, and more.
    func outranks(_ other: OrganizationRole) -> Bool {
        switch (self, other) {
        case (.owner, .owner), (.admin, .owner), (.admin, .admin): false
        case (.owner, _), (.admin, _): true
        case (.custom(_, _, let own), .member): !own.isEmpty
        case (.custom(_, _, let own), .custom(_, _, let others)): own.isStrictSuperset(of: others)
        case (.custom, _), (.member, _): false
        }
    }

    /// Whether one of this role may give somebody, or oneself, another one.
    func mayReplace(_ present: OrganizationRole, by wanted: OrganizationRole, ofSelf: Bool) -> Bool {
        if self == .owner { return true }
        if ofSelf { return outranks(wanted) }
        return holds(OrganizationPermission.members) && outranks(present) && outranks(wanted)
    }

    /// Whether one of this role may remove a member, or leave.
    func mayRemove(_ present: OrganizationRole, ofSelf: Bool) -> Bool {
        self == .owner || ofSelf || holds(OrganizationPermission.members) && outranks(present)
    }

    /// Whether one of this role may invite somebody to be `wanted`, and take such an invitation back.
    func mayInvite(as wanted: OrganizationRole) -> Bool {
        self == .owner || holds(OrganizationPermission.invitations) && outranks(wanted)
    }

    /// Whether one of this role may make, change and remove `role`, which the organization makes.
    func mayShape(_ role: OrganizationRole) -> Bool {
        holds(OrganizationPermission.roles) && outranks(role)
    }
}

/// The permissions that Gatehouse itself asks for in an organization. Roles may hold any others, which applications find
/// in the token.
enum OrganizationPermission {
    /// Change its name and slug.
    static let settings = "organization:write"
    /// Change the roles of members, and remove them.
    static let members = "members:write"
    /// Invite, see who is invited, and take invitations back.
    static let invitations = "invitations:write"
    /// Make, change and remove roles.
    static let roles = "roles:write"

    /// Whether a text can be a permission: words in lower case, separated by colons, two at least.
    static func isOne(_ text: String) -> Bool {
        guard text.utf8.count <= 64 else { return false }
        let words = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        return words.count >= 2
            && words.allSatisfy { word in
                !word.isEmpty
                    && word.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                            UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                            true
                        default: false
                        }
                    }
            }
    }
}
