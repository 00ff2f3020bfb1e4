/// A statement about one row, and the same about many. What is asked for while others of it are under way waits for one of
/// them to end and then goes together with all that wait: one command, one transaction and one flush instead of one each.
/// What is asked for alone goes at once, so a quiet server's answers come no later.
public struct PostgresGatheredStatement: Sendable {
    /// The statement about one row.
    let one: PostgresStatement
    /// The same about many.
    let many: PostgresStatement

    /// How many rows go together at most.
    static let limit = 64

    /// A statement and its twin.
    /// - Parameters:
    ///   - one: Its first parameter is a `uuid`, the key of the one row it is about; it returns at most one row.
    ///   - many: Takes for each parameter of `one` an array, with one element for each row and no key twice. Its rows are
    ///     those of `one` in any order, with the key as a further, last column. It may leave rows out, and should do so
    ///     rather than wait for a row lock: whoever finds no row has to look closer anyway.
    public init(one: PostgresStatement, many: PostgresStatement) {
        precondition(one.parameters.first == .uuid, "\(one.name) has no key")
        precondition(many.parameters == one.parameters.map(\.array), "\(many.name) takes other values than \(one.name)")
        self.one = one
        self.many = many
    }
}
