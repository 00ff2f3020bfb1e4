/// Where a command leads: as far as there is, so many steps, or to a revision.
public enum MigrationTarget: Sendable, Equatable {
    /// The newest.
    case head
    /// Before the first.
    case base
    /// So many steps from where the database is.
    case steps(Int)
    /// This one.
    case revision(String)

    /// Reads `head`, `base`, `+2`, `-1` or a revision.
    public init?(_ text: String) {
        switch text {
        case "head": self = .head
        case "base": self = .base
        case _ where text.hasPrefix("+") || text.hasPrefix("-"):
            guard let steps = Int(text.dropFirst()), steps > 0 else { return nil }
            self = .steps(steps)
        default: self = .revision(text)
        }
    }

    /// The migrations to apply, in order.
    public func upgrade(from current: String?, _ all: [Migration]) throws(MigrationError) -> [Migration] {
        let pending = all.filter { $0.revision > current ?? "" }
        switch self {
        case .head: return pending
        case .base: throw MigrationError("base is where one downgrades to")
        case .steps(let count):
            guard count <= pending.count else { throw MigrationError("there are only \(pending.count) more") }
            return Array(pending.prefix(count))
        case .revision(let revision):
            let target = try Self.find(revision, all)
            return pending.filter { $0.revision <= target }
        }
    }

    /// The migrations to take back, newest first.
    public func downgrade(from current: String?, _ all: [Migration]) throws(MigrationError) -> [Migration] {
        let applied = Array(all.filter { $0.revision <= current ?? "" }.reversed())
        switch self {
        case .head: throw MigrationError("head is where one upgrades to")
        case .base: return applied
        case .steps(let count):
            guard count <= applied.count else { throw MigrationError("only \(applied.count) are applied") }
            return Array(applied.prefix(count))
        case .revision(let revision):
            let target = try Self.find(revision, all)
            return applied.filter { $0.revision > target }
        }
    }

    private static func find(_ revision: String, _ all: [Migration]) throws(MigrationError) -> String {
        let found = all.filter { $0.revision == revision || $0.title == revision || $0.name == revision }
        guard let migration = found.first else { throw MigrationError("there is no revision \(revision)") }
        return migration.revision
    }
}
