/// Isolation level of an explicit transaction.
public enum PostgresIsolation: Sendable, Equatable {
    case readCommitted
    case repeatableRead
    case serializable
}
