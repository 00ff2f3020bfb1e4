/// One step of the schema and the way back.
public struct Migration: Sendable, Equatable {
    /// Its number, four digits.
    public let revision: String
    /// What it is called.
    public let name: String
    /// The SQL that applies it.
    public let up: String
    /// The SQL that takes it back.
    public let down: String

    /// A migration.
    public init(revision: String, name: String, up: String, down: String) {
        self.revision = revision
        self.name = name
        self.up = up
        self.down = down
    }

    /// What the files are called without their endings.
    public var title: String { "\(revision)_\(name)" }

    /// A statement such as `create index concurrently` can't run in a transaction; its file says so in its first line.
    var runsOutsideTransaction: Bool { up.hasPrefix("-- gatehouse: no-transaction") }
}
