public import FoundationEssentials

/// How much of a directory is to be read again.
public enum DirectoryExtent: Sendable, Equatable {
    /// All tenants.
    case everything
    /// What belongs to these.
    case tenants(Set<UUID>)

    /// From so many on, to read all is no more work than to look for each.
    private static let most = 1000

    /// This and that.
    public func union(_ other: DirectoryExtent) -> DirectoryExtent {
        guard case .tenants(let mine) = self, case .tenants(let others) = other else { return .everything }
        let both = mine.union(others)
        return both.count > Self.most ? .everything : .tenants(both)
    }
}
