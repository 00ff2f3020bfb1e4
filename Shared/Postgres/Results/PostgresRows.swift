/// What one statement returned.
public struct PostgresRows: Sendable, RandomAccessCollection {
    private let handle: ResultHandle

    init(_ handle: ResultHandle) {
        self.handle = handle
    }

    /// Rows the command inserted, updated, deleted or returned, as its command tag says; 0 for other commands.
    public var affected: Int { handle.affected }

    /// Always 0.
    public var startIndex: Int { 0 }

    /// Number of rows.
    public var endIndex: Int { handle.rowCount }

    /// The row at a position, which must be below `count`.
    public subscript(position: Int) -> PostgresRow {
        precondition(position >= 0 && position < handle.rowCount, "row \(position) of \(handle.rowCount)")
        return PostgresRow(handle: handle, index: position)
    }
}
