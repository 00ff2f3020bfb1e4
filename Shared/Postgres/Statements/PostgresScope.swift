public import FoundationEssentials

/// Whose rows a unit of work may see under row-level security.
public enum PostgresScope: Sendable, Hashable {
    /// The tenant setting holds this id for the unit's transaction, and for it alone.
    case tenant(UUID)
    /// The tenant setting stays empty: tables under row-level security yield no rows.
    case unscoped
}
