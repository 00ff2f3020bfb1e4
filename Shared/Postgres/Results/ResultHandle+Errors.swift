import CLibPQ
import Glibc

extension ResultHandle {
    /// The command tag, such as `COMMIT` or `UPDATE 3`.
    var commandTag: String {
        PQcmdStatus(pointer).map { String(cString: $0) } ?? ""
    }

    /// Whether the command was one that opens a transaction block.
    var opensTransaction: Bool {
        columnCount == 0 && ["BEGIN", "START TRANSACTION"].contains(commandTag)
    }

    /// libpq's rendering of the error; may span lines.
    var errorMessage: String {
        PQresultErrorMessage(pointer).map { String(cString: $0) } ?? ""
    }

    /// The server's error; nil where the result is none, or is libpq's own and has no code.
    var serverError: PostgresServerError? {
        guard let sqlState = field(.sqlState) else { return nil }
        return PostgresServerError(
            sqlState: sqlState, message: field(.messagePrimary) ?? "",
            constraint: field(.constraintName), table: field(.tableName),
            column: field(.columnName))
    }

    /// Whether the error is the session's last word.
    var endsSession: Bool {
        let severity = field(.severityNonlocalized)
        return severity == "FATAL" || severity == "PANIC"
    }

    /// libpq's `PG_DIAG_…` codes, character macros that Swift does not import.
    private enum Field: UInt8 {
        case severityNonlocalized = 0x56
        case sqlState = 0x43
        case messagePrimary = 0x4D
        case tableName = 0x74
        case columnName = 0x63
        case constraintName = 0x6E
    }

    private func field(_ field: Field) -> String? {
        PQresultErrorField(pointer, CInt(field.rawValue)).map { String(cString: $0) }
    }
}

extension PostgresServerError {
    /// Whether a prepared statement is gone, or its result changed with the schema, so that preparing anew helps.
    var invalidatesPreparation: Bool {
        sqlState == "26000" || (sqlState == "0A000" && message.contains("cached plan"))
    }
}

extension PostgresIsolation {
    var begin: String {
        switch self {
        case .readCommitted: "begin isolation level read committed"
        case .repeatableRead: "begin isolation level repeatable read"
        case .serializable: "begin isolation level serializable"
        }
    }
}
