import FoundationEssentials

/// The organization that an access token speaks of, and what the person may do there.
struct OrganizationGrant: Sendable, Equatable {
    let id: UUID
    /// `owner`, `admin`, `member` or a role that the organization made.
    let role: String
    /// The permissions of a role that the organization made.
    let permissions: [String]

    /// The most bytes of permissions that go into a token, separators included; beyond it they are left out, and whoever
    /// needs them asks identity.
    static let claimLimit = 1024

    /// Reads what the database says: an organization, and the role with its permissions behind it, or null for whoever
    /// does not belong to it (any more).
    init?(_ id: UUID?, _ claims: [String]?) {
        guard let id, let claims, let role = claims.first else { return nil }
        self.id = id
        self.role = role
        permissions = Array(claims.dropFirst())
    }

    /// The permissions as the token names them; nil when they are too many for it.
    var claim: [String]? {
        permissions.reduce(0) { $0 + $1.utf8.count + 3 } <= Self.claimLimit ? permissions : nil
    }
}
