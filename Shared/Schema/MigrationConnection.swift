import CLibPQ
import Glibc

/// A plain blocking connection: the migrator is a program that does one thing and ends.
final class MigrationConnection {
    private let handle: OpaquePointer

    /// Connects, trying again for `wait` seconds.
    init(url: String, password: String?, wait: Int) throws(MigrationError) {
        var remaining = wait
        while true {
            guard let handle = Self.open(url, password) else { throw MigrationError("there is no memory to connect") }
            if PQstatus(handle) == CONNECTION_OK {
                self.handle = handle
                return
            }
            // libpq names host and port in its message, never the password.
            let message = String(cString: PQerrorMessage(handle))
            let reason = message.split(whereSeparator: \.isNewline).joined(separator: "; ")
            PQfinish(handle)
            guard remaining > 0 else { throw MigrationError("the database can't be reached: \(reason)") }
            remaining -= 1
            sleep(1)
        }
    }

    deinit {
        PQfinish(handle)
    }

    private static func open(_ url: String, _ password: String?) -> OpaquePointer? {
        // What comes before the URL is what it may change: of several servers, the one that takes writes is meant.
        var words = ["target_session_attrs", "connect_timeout", "dbname", "fallback_application_name"]
        var values = ["read-write", "5", url, "gatehouse-migrate"]
        if let password {
            words.append("password")
            values.append(password)
        }
        // libpq copies both lists during the call.
        let wordList = words.map { strdup($0) }
        let valueList = values.map { strdup($0) }
        defer { (wordList + valueList).forEach { free($0) } }
        return PQconnectdbParams(
            wordList.map { UnsafePointer($0) } + [nil], valueList.map { UnsafePointer($0) } + [nil], 1)
    }

    /// Runs SQL that may be several statements.
    /// - Returns: The rows of the last statement, as text.
    @discardableResult
    func execute(_ sql: String) throws(MigrationError) -> [[String]] {
        guard let result = PQexec(handle, sql) else { throw MigrationError("the connection was lost") }
        return try rows(of: result, sql)
    }

    /// Runs one statement with text parameters.
    @discardableResult
    func execute(_ sql: String, _ parameters: [String]) throws(MigrationError) -> [[String]] {
        let values = parameters.map { strdup($0) }
        defer { values.forEach { free($0) } }
        let list = values.map { UnsafePointer($0) }
        guard let result = PQexecParams(handle, sql, Int32(parameters.count), nil, list, nil, nil, 0) else {
            throw MigrationError("the connection was lost")
        }
        return try rows(of: result, sql)
    }

    private func rows(of result: OpaquePointer, _ sql: String) throws(MigrationError) -> [[String]] {
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            return []
        case PGRES_TUPLES_OK:
            return (0..<PQntuples(result)).map { row in
                (0..<PQnfields(result)).map { String(cString: PQgetvalue(result, row, $0)) }
            }
        default:
            func field(_ code: UInt8) -> String? { PQresultErrorField(result, Int32(code)).map { String(cString: $0) } }
            let message = field(UInt8(ascii: "M")) ?? "the connection was lost"
            var place = ""
            if let position = field(UInt8(ascii: "P")).flatMap({ Int($0) }) {
                let line = sql.unicodeScalars.prefix(max(0, position - 1)).count { $0 == "\n" } + 1
                place = ", line \(line)"
            }
            let state = field(UInt8(ascii: "C"))
            throw MigrationError("\(message) (SQLSTATE \(state ?? "unknown")\(place))", sqlState: state)
        }
    }
}
