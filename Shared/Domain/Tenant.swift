public import FoundationEssentials

/// An isolated pool of users with its own keys, clients and settings.
///
/// A class, since every request carries one along: a struct would cost each step a retain for every field.
public final class Tenant: Sendable, Equatable {
    /// Its id.
    public let id: UUID
    /// Its id as text, which each request needs.
    public let idText: String
    /// Its name in addresses.
    public let slug: String
    /// Its name for people.
    public let name: String
    /// Whether it is in use; a suspended tenant's users are refused, its data is kept.
    public let isActive: Bool
    /// What it decided for itself.
    public let settings: TenantSettings

    /// A tenant.
    public init(id: UUID, slug: String, name: String, isActive: Bool, settings: TenantSettings) {
        self.id = id
        idText = id.text
        self.slug = slug
        self.name = name
        self.isActive = isActive
        self.settings = settings
    }

    /// The issuer in its tokens: the public address, and for all but the default tenant its path (RFC 8414 §2).
    /// Never made from a request's headers.
    public func issuer(publicURL: String) -> String {
        id == DefaultTenant.id ? publicURL : "\(publicURL)/t/\(slug)"
    }

    public static func == (one: Tenant, other: Tenant) -> Bool {
        one.id == other.id && one.slug == other.slug && one.name == other.name && one.isActive == other.isActive
            && one.settings == other.settings
    }
}
