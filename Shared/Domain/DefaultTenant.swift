public import FoundationEssentials

/// The tenant that every installation begins with, and the client that sign-in through the API itself uses.
public enum DefaultTenant {
    /// Its id, fixed by the schema (migration 0006).
    public static let id = UUID(high: 0x0000_0000_0000_7000, low: 0x8000_0000_0000_0001)
    /// Its slug.
    public static let slug = "default"
    /// The `client_id` of the first-party client each tenant is born with.
    public static let firstPartyClient = "gatehouse"
}
