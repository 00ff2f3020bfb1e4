/// An error the server reported, without its detail and hint, which may quote row contents.
public struct PostgresServerError: Error, Sendable, Equatable {
    /// What callers tell apart; everything else is `other`.
    public enum Kind: Sendable, Equatable {
        case uniqueViolation
        case foreignKeyViolation
        case notNullViolation
        case checkViolation
        case exclusionViolation
        case serializationFailure
        case deadlock
        /// Cancelled, as a rule by the statement timeout (57014).
        case queryCanceled
        case lockNotAvailable
        case insufficientPrivilege
        /// A write reached a read-only server (25006), as after a failover.
        case readOnlyTransaction
        /// The server is stopping, crashing or not yet accepting (57P01 to 57P05).
        case adminShutdown
        /// Class 08.
        case connection
        case diskFull
        /// Class 53 but disk full: out of memory, too many connections, limits.
        case insufficientResources
        case undefinedTable
        case undefinedColumn
        case undefinedFunction
        /// The prepared statement is gone (26000).
        case undefinedPreparedStatement
        /// A value the type does not accept (class 22).
        case invalidValue
        case syntaxError
        case other
    }

    /// The five-character code of PostgreSQL's appendix A.
    public let sqlState: String
    /// The code's meaning.
    public let kind: Kind
    /// The violated constraint, where there is one.
    public let constraint: String?
    /// The table concerned, where the server names it.
    public let table: String?
    /// The column concerned, where the server names it.
    public let column: String?
    /// The primary message.
    public let message: String

    /// An error of the given code; `kind` follows from it.
    public init(
        sqlState: String, message: String, constraint: String? = nil, table: String? = nil, column: String? = nil
    ) {
        self.sqlState = sqlState
        self.message = message
        self.constraint = constraint
        self.table = table
        self.column = column
        kind = Self.kind(of: sqlState)
    }

    private static func kind(of sqlState: String) -> Kind {
        switch sqlState {
        case "23505": .uniqueViolation
        case "23503": .foreignKeyViolation
        case "23502": .notNullViolation
        case "23514": .checkViolation
        case "23P01": .exclusionViolation
        case "40001": .serializationFailure
        case "40P01": .deadlock
        case "57014": .queryCanceled
        case "55P03": .lockNotAvailable
        case "42501": .insufficientPrivilege
        case "25006": .readOnlyTransaction
        case "57P01", "57P02", "57P03", "57P04", "57P05": .adminShutdown
        case "53100": .diskFull
        case "42P01": .undefinedTable
        case "42703": .undefinedColumn
        case "42883": .undefinedFunction
        case "26000": .undefinedPreparedStatement
        case "42601": .syntaxError
        default:
            switch sqlState.prefix(2) {
            case "08": .connection
            case "53": .insufficientResources
            case "22": .invalidValue
            default: .other
            }
        }
    }

    /// Whether the whole transaction may succeed when run again from its start.
    public var isRetryable: Bool {
        kind == .serializationFailure || kind == .deadlock
    }
}
