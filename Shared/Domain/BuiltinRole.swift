/// The roles every tenant is born with, and the one that stands above tenants.
public enum BuiltinRole {
    /// Held by every registered user.
    public static let user = "USER"
    /// May see users and end their sessions.
    public static let moderator = "MODERATOR"
    /// May do everything inside its tenant.
    public static let admin = "ADMIN"
    /// May do everything in the whole system; not a tenant's role but a mark on the user.
    public static let superuser = "superuser"
}
