/// Records of RFC 4180.
enum CSV {
    /// Why a record can't be read.
    enum Fault: String, Error {
        case badQuoting = "bad_quoting"
        case notUTF8 = "invalid_utf8"
    }

    /// The cells of one record, which has no line end.
    /// - Throws: `Fault` for a quotation mark inside a cell that does not begin with one, for text behind a closing one,
    ///   and for bytes that are not UTF-8.
    static func cells(_ record: [UInt8]) throws(Fault) -> [String] {
        var cells: [String] = []
        var index = 0
        while true {
            var bytes: [UInt8] = []
            if index < record.count, record[index] == UInt8(ascii: "\"") {
                index += 1
                while true {
                    guard index < record.count else { throw .badQuoting }
                    let byte = record[index]
                    index += 1
                    guard byte == UInt8(ascii: "\"") else {
                        bytes.append(byte)
                        continue
                    }
                    guard index < record.count, record[index] == byte else { break }
                    bytes.append(byte)
                    index += 1
                }
            } else {
                while index < record.count, record[index] != UInt8(ascii: ",") {
                    guard record[index] != UInt8(ascii: "\"") else { throw .badQuoting }
                    bytes.append(record[index])
                    index += 1
                }
            }
            guard let cell = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
            cells.append(cell)
            guard index < record.count else { return cells }
            guard record[index] == UInt8(ascii: ",") else { throw .badQuoting }
            index += 1
        }
    }

    /// A record with its line end, every cell quoted that needs it.
    static func record(_ cells: [String]) -> String {
        cells.map(quoted).joined(separator: ",") + "\r\n"
    }

    /// A list in one cell: words with spaces between them. An empty one has a sign of its own, as an empty cell says nothing.
    static func list(_ words: [String]) -> String { words.isEmpty ? "-" : words.joined(separator: " ") }

    /// The words of a list in one cell.
    static func members(of cell: String) -> [String] { cell == "-" ? [] : cell.split(separator: " ").map(String.init) }

    private static func quoted(_ cell: String) -> String {
        let mark = UInt8(ascii: "\"")
        guard cell.utf8.contains(where: { $0 == mark || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else { return cell }
        // By bytes: to Swift, a mark with an accent over it is another character.
        let doubled = cell.utf8.flatMap { $0 == mark ? [mark, mark] : [$0] }
        return "\"" + String(decoding: doubled, as: UTF8.self) + "\""
    }
}

/// Cells that a spreadsheet would take for a formula: they get an apostrophe in front, which an import takes off again.
enum FormulaGuard {
    /// The cell as it is written.
    static func guarded(_ cell: String) -> String { isTakenForFormula(cell) ? "'" + cell : cell }

    /// The cell as it was.
    static func unguarded(_ cell: String) -> String {
        cell.utf8.first == UInt8(ascii: "'") && isTakenForFormula(cell) ? String(cell.dropFirst()) : cell
    }

    /// Whether a cell begins, behind any apostrophes, with what begins a formula. Those with apostrophes count, so that
    /// nothing is taken off that was not put there.
    private static func isTakenForFormula(_ cell: String) -> Bool {
        let first = cell.utf8.first { $0 != UInt8(ascii: "'") }
        return first.map { "=+-@\t\r".utf8.contains($0) } ?? false
    }
}
