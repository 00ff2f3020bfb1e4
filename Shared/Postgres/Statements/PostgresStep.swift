/// A statement together with its parameters: one element of a pipeline.
public struct PostgresStep: Sendable {
    /// What to run.
    public let statement: PostgresStatement
    /// Values for `$1`, `$2`, …
    public let parameters: [PostgresValue]

    /// Pairs a statement with values for its parameters.
    public init(_ statement: PostgresStatement, _ parameters: [PostgresValue] = []) {
        self.statement = statement
        self.parameters = parameters
    }
}
