/// What one statement returned.
public struct PostgresRows: Sendable, RandomAccessCollection {
    private let handle: ResultHandle
    /// Which of the result's rows these are, where they are not all.
    private let part: Range<Int>?

    init(_ handle: ResultHandle) {
        self.handle = handle
        part = nil
    }

    private init(_ handle: ResultHandle, part: Range<Int>) {
        self.handle = handle
        self.part = part
    }

    /// The same without any row but this one, and without any for nil.
    func only(_ row: Int?) -> PostgresRows {
        PostgresRows(handle, part: row.map { $0..<($0 + 1) } ?? 0..<0)
    }

    /// Rows the command inserted, updated, deleted or returned, as its command tag says; 0 for other commands.
    public var affected: Int { part?.count ?? handle.affected }

    /// Always 0.
    public var startIndex: Int { 0 }

    /// Number of rows.
    public var endIndex: Int { part?.count ?? handle.rowCount }

    /// The row at a position, which must be below `count`.
    public subscript(position: Int) -> PostgresRow {
        precondition(position >= 0 && position < endIndex, "row \(position) of \(endIndex)")
        return PostgresRow(handle: handle, index: (part?.lowerBound ?? 0) + position)
    }
}
