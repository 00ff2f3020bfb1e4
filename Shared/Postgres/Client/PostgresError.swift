/// What a unit of work may fail with.
public enum PostgresError: Error, Sendable, Equatable {
    /// The unit's deadline passed; `mayHaveCommitted` is false when it never left the queue.
    case deadlineExceeded(mayHaveCommitted: Bool = false)
    /// The queue is full; nothing was sent.
    case overloaded
    /// No connection, or it broke before the answer; `mayHaveCommitted` tells whether the outcome is unknown.
    case unavailable(reason: String, mayHaveCommitted: Bool = false)
    /// The calling task was cancelled; a unit already sent may still take effect.
    case cancelled(mayHaveCommitted: Bool = false)
    /// The server refused the unit, which left no effect.
    case server(PostgresServerError)
    /// A parameter does not fit the statement; `expected` is nil where the statement has no such parameter.
    case invalidParameter(statement: String, index: Int, expected: PostgresType?)
    /// A column does not hold what was asked of it.
    case decoding(column: String, reason: String)
    /// Two different statements carry this name.
    case ambiguousStatement(name: String)
    /// The connection string does not parse; carries no part of it.
    case invalidConfiguration(reason: String)
    /// The client is shutting down or has shut down.
    case closed

    /// Whether this is the database's condition and not the caller's doing: outside, a 503 with Retry-After.
    public var isUnavailable: Bool {
        switch self {
        case .deadlineExceeded, .overloaded, .unavailable, .closed: true
        case .cancelled, .invalidParameter, .decoding, .ambiguousStatement, .invalidConfiguration: false
        case .server(let error):
            switch error.kind {
            case .serializationFailure, .deadlock, .queryCanceled, .lockNotAvailable, .readOnlyTransaction,
                .adminShutdown, .connection, .diskFull, .insufficientResources:
                true
            default: false
            }
        }
    }

    /// Whether the unit may have taken effect although it failed here.
    public var mayHaveCommitted: Bool {
        switch self {
        case .deadlineExceeded(let unknown), .unavailable(_, let unknown), .cancelled(let unknown): unknown
        default: false
        }
    }
}
