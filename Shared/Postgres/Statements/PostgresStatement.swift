/// One SQL statement with typed parameters, prepared once per connection under its name.
///
/// Declare statements as constants. The name identifies the SQL: two statements of one name must be the same statement.
public struct PostgresStatement: Sendable, Hashable {
    /// Shared, so that handing a statement on costs one reference count instead of three.
    final class Definition: Sendable {
        let name: String
        let parameters: [PostgresType]
        let sql: String
        let oids: [UInt32]
        /// As libpq counts them: 1 for binary, 0 for text, in which only `inet` travels.
        let formats: [Int32]

        init(name: String, parameters: [PostgresType], sql: String) {
            self.name = name
            self.parameters = parameters
            self.sql = sql
            oids = parameters.map(\.oid)
            formats = parameters.map { $0 == .inet ? 0 : 1 }
        }
    }

    let definition: Definition

    /// - Parameters:
    ///   - name: Unique among the process's statements; at most 50 bytes, as the server cuts names at 63.
    ///   - parameters: Types of `$1`, `$2`, …
    ///   - sql: A single command without a trailing semicolon.
    public init(_ name: String, _ parameters: [PostgresType] = [], _ sql: String) {
        definition = Definition(name: name, parameters: parameters, sql: sql)
    }

    /// The name the statement is prepared under.
    public var name: String { definition.name }

    /// Types of `$1`, `$2`, …
    public var parameters: [PostgresType] { definition.parameters }

    /// The command itself.
    public var sql: String { definition.sql }

    /// Whether both are one command: same name, parameter types and text.
    public static func == (left: PostgresStatement, right: PostgresStatement) -> Bool {
        left.definition === right.definition
            || (left.name == right.name && left.sql == right.sql && left.parameters == right.parameters)
    }

    /// Feeds the name, which identifies the statement.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}
