/// Why the schema was not brought where it should be; each a sentence for the operator.
public struct MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence.
    public let description: String
    let sqlState: String?

    init(_ description: String, sqlState: String? = nil) {
        self.description = description
        self.sqlState = sqlState
    }
}
