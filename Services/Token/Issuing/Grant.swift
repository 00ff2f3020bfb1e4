import Domain
import FoundationEssentials

/// What tokens are issued for: a session at one generation, or a client for itself, and what the access token says.
struct Grant: Sendable {
    let tenant: Tenant
    let client: String
    /// How long the access token lives, unless the session ends before.
    let lifetime: Duration
    var scope: String
    /// The resource the token is for; nil means Gatehouse's own API.
    var audience: String?
    /// The person and their session; nil when a client speaks for itself.
    var person: Person?

    /// A person's side of a grant, as one row of the database gave it.
    struct Person: Sendable {
        let user: UUID
        let session: UUID
        let generation: UInt64
        let roles: HeldRoles
        let epoch: Int64
        let methods: [String]
        let authenticatedAt: Date
        /// When the session ends unless it is refreshed: no token outlives it.
        let expiresAt: Date
        /// The organization they act for, when they chose one.
        var organization: OrganizationGrant?
    }
}
