import FoundationEssentials

/// Whose the names of one kind are by the rows so far, where the database says otherwise. They are known by the keys of
/// `ImportPlanner.Match`.
struct GivenNames {
    private var owners: [UUID: UUID] = [:]
    /// The names of users who got another one than they had. Only these: a dry run remembers names to the end, and most
    /// rows rename nobody.
    private var renamed: [UUID: UUID] = [:]

    /// Whose a name is.
    /// - Parameter found: Whose it is in the database.
    func owner(of key: UUID?, _ found: UUID?) -> UUID? {
        guard let key else { return found }
        // A name that was given had been nobody's, or had been given up by whoever has it in the database.
        guard let owner = owners[key] ?? found else { return nil }
        guard let name = renamed[owner], name != key else { return owner }
        return nil
    }

    /// Gives a new user a name.
    mutating func make(_ key: UUID?, for user: UUID) {
        if let key { owners[key] = user }
    }

    /// Gives a user a name, and frees the one they had, unless it is the same.
    mutating func give(_ key: UUID?, _ found: UUID?, to user: UUID) {
        guard let key, owner(of: key, found) != user else { return }
        owners[key] = user
        renamed[user] = key
    }
}
