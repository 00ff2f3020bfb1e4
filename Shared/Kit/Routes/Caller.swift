public import FoundationEssentials

/// The person a request is from, as far as it decides what is answered.
public struct Caller: Sendable, Equatable {
    /// The tenant.
    public let tenant: UUID
    /// The user.
    public let user: UUID
    /// The organization that the access token speaks of, when one was chosen.
    public let organization: UUID?

    /// Somebody of a tenant.
    public init(tenant: UUID, user: UUID, organization: UUID?) {
        self.tenant = tenant
        self.user = user
        self.organization = organization
    }
}
