/// A command and its arguments.
///
/// Connections are shared, so a command must not change what a connection is or means to others: no `SUBSCRIBE`
/// (see ``RedisClient/subscribe(_:)``), `MULTI`, `SELECT`, `MONITOR`, `CLIENT REPLY`, and none that blocks. What must
/// happen at once belongs into a ``RedisScript``.
public struct RedisCommand: Sendable, Equatable {
    /// The name, in one word; a subcommand is the first argument.
    public let name: String
    /// What follows the name.
    public let arguments: [RedisArgument]

    /// A command.
    public init(_ name: String, _ arguments: [RedisArgument] = []) {
        self.name = name
        self.arguments = arguments
    }
}
