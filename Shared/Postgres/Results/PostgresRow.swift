/// One row of a result. Keeps the whole result in memory while it lives.
public struct PostgresRow: Sendable {
    let handle: ResultHandle
    let index: Int

    /// Number of columns.
    public var columnCount: Int { handle.columnCount }

    /// Bytes of a column, from 0, as the server sent it; 0 where it is null.
    public func length(of column: Int) -> Int {
        withExtendedLifetime(handle) { handle.cell(row: index, column: column).bytes?.count ?? 0 }
    }

    /// Reads a column by position, from 0. Throws `decoding` where type or null do not fit; use an optional for null.
    public func decode<T: PostgresDecodable>(_ column: Int, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard column >= 0, column < handle.columnCount else {
            throw .decoding(column: "\(column)", reason: "the row has \(handle.columnCount) columns")
        }
        do {
            // The row holds the handle, and so the bytes, beyond the call.
            return try withExtendedLifetime(handle) { () throws(PostgresCell.Mismatch) -> T in
                try T.decode(handle.cell(row: index, column: column))
            }
        } catch {
            throw .decoding(column: handle.columnName(column), reason: "\(error.reason), read as \(T.self)")
        }
    }

    /// Reads a column by name, which costs a search: prefer positions where rows are many.
    public func decode<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard let position = handle.column(named: column) else {
            throw .decoding(column: column, reason: "no such column")
        }
        return try decode(position, as: type)
    }
}
