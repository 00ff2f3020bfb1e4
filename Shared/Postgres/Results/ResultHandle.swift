import CLibPQ
import Glibc

/// Owns one `PGresult` and clears it when the last row view goes away.
///
/// Safe to share: libpq documents a `PGresult` as read-only once received, and nothing here writes to it.
final class ResultHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    let rowCount: Int
    let columnCount: Int

    /// Takes over `pointer`, which must come from `PQgetResult` and not be cleared by anyone else.
    init(adopting pointer: OpaquePointer) {
        self.pointer = pointer
        rowCount = Int(PQntuples(pointer))
        columnCount = Int(PQnfields(pointer))
    }

    deinit {
        PQclear(pointer)
    }

    /// Rows the command touched or returned, from its command tag.
    var affected: Int {
        var count = 0
        guard var digits = PQcmdTuples(pointer) else { return 0 }
        while case let digit = digits.pointee, digit >= 48, digit <= 57 {
            count = count * 10 + Int(digit - 48)
            digits += 1
        }
        return count
    }

    func columnName(_ column: Int) -> String {
        PQfname(pointer, Int32(column)).map { String(cString: $0) } ?? "\(column)"
    }

    func column(named name: String) -> Int? {
        for column in 0..<columnCount {
            guard let candidate = PQfname(pointer, Int32(column)) else { continue }
            if name.withCString({ strcmp($0, candidate) }) == 0 { return column }
        }
        return nil
    }

    /// The value at a position that must exist; to be used while `self` is held.
    func cell(row: Int, column: Int) -> PostgresCell {
        let row = Int32(row)
        let column = Int32(column)
        let oid = PQftype(pointer, column)
        guard PQgetisnull(pointer, row, column) == 0 else { return PostgresCell(oid: oid, bytes: nil) }
        let length = Int(PQgetlength(pointer, row, column))
        return PostgresCell(
            oid: oid, bytes: UnsafeRawBufferPointer(start: PQgetvalue(pointer, row, column), count: length))
    }
}
