import FoundationEssentials
import Kit
import Testing

@testable import Admin

@Suite("Records of a file")
struct RecordTests {
    /// Cuts a text that comes in pieces of `size` bytes.
    private func cut(_ text: String, _ format: TransferFormat = .csv, size: Int = .max) -> [RawRecord] {
        var cutter = RecordCutter(format)
        var records: [RawRecord] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: min(size, max(1, bytes.count))) {
            records += cutter.take(bytes[start..<min(bytes.count, start + min(size, bytes.count))])
        }
        return records + cutter.finish()
    }

    private func texts(_ records: [RawRecord]) -> [String] {
        records.map { "\($0.line)-\($0.lastLine) \($0.fault?.rawValue ?? String(decoding: $0.bytes, as: UTF8.self))" }
    }

    @Test(
        "lines end with a line feed, with or without a carriage return, or with the file; empty ones count",
        arguments: [1, 2, 3, 100])
    func lines(size: Int) {
        let text = "{1}\r\n\n{2}\n\r\n{\"a\n{3}"
        #expect(texts(cut(text, .ndjson, size: size)) == ["1-1 {1}", "3-3 {2}", "5-5 {\"a", "6-6 {3}"])
    }

    @Test("a CSV record goes over lines inside quotation marks", arguments: [1, 2, 3, 5, 100])
    func quotedLines(size: Int) {
        let text = "\u{FEFF}a,b\r\n\"x\ny\",\"\"\"\n\"\r\n1,2"
        #expect(texts(cut(text, size: size)) == ["1-1 a,b", "2-4 \"x\ny\",\"\"\"\n\"", "5-5 1,2"])
    }

    @Test("a quotation mark that is never closed costs its own line", arguments: [1, 7, 100_000])
    func openQuote(size: Int) {
        let rest = (2...5000).map { "\($0),some words so that this becomes long" }
        let long = cut((["\"1,x"] + rest).joined(separator: "\n"), size: size)
        #expect(long.count == 5000)
        #expect(long.first?.fault == .badQuoting)
        #expect(texts(Array(long.suffix(1))) == ["5000-5000 \(rest.last ?? "")"])
        #expect(texts(cut("1\n\"2\n3\n4", size: size)) == ["1-1 1", "2-2 bad_quoting", "3-3 3", "4-4 4"])
    }

    @Test("a line that is too long costs itself alone", arguments: [TransferFormat.ndjson, .csv])
    func tooLong(format: TransferFormat) {
        let long = String(repeating: "x", count: 1 << 20)
        #expect(texts(cut("1\n\(long)\n3", format, size: 1000)) == ["1-1 1", "2-2 too_long", "3-3 3"])
        #expect(texts(cut("1\n\"\(long)\"\n3", format, size: 1000)) == ["1-1 1", "2-2 too_long", "3-3 3"])
        let limit = String(repeating: "x", count: RecordCutter.longest)
        #expect(cut("\(limit)\n2", format).map(\.fault) == [nil, nil])
    }

    @Test(
        "cells are read as RFC 4180 says",
        arguments: [
            ("a,b", ["a", "b"]), ("", [""]), (",", ["", ""]), ("\"a,b\",c", ["a,b", "c"]), ("\"\"\"\"", ["\""]),
            ("\"a\"\"b\"", ["a\"b"]), ("\"x\r\ny\"", ["x\r\ny"]), (" a , b ", [" a ", " b "]), ("\"\",x", ["", "x"]),
            ("a\"b", nil), ("\"a\"b", nil), ("\"a", nil), ("\"a\" ,b", nil),
        ] as [(String, [String]?)])
    func cells(record: String, cells: [String]?) {
        #expect((try? CSV.cells(Array(record.utf8))) == cells)
    }

    @Test("bytes that are not UTF-8 are told apart from marks that are wrong")
    func encoding() {
        #expect(throws: CSV.Fault.notUTF8) { try CSV.cells([0x61, 0xFF, 0x2C]) }
        #expect(throws: CSV.Fault.badQuoting) { try CSV.cells(Array("a\"".utf8)) }
    }

    @Test("what is written is read as the same, and no cell begins as a formula does")
    func roundTrip() throws {
        let cells = [
            "plain", "", "a,b", "a\"b", "\"", "\r", "\n", "=1+1", "+49", "-1", "@x", "\tx", "'=1", "''+2", "'", "'a",
            "Ä\u{301}",
            "\"\u{301}", "=\u{301}", " =1",
        ]
        let record = CSV.record(cells.map(FormulaGuard.guarded))
        #expect(record.hasSuffix("\r\n"))
        let read = try CSV.cells(Array(record.utf8.dropLast(2)))
        #expect(read.map(FormulaGuard.unguarded) == cells)
        for cell in read { #expect(cell.utf8.first.map { !"=+-@\t\r".utf8.contains($0) } ?? true, "\(cell)") }
    }

    @Test("a row is refused for what it has too much, and for each field that is wrong")
    func rows() throws {
        let reader = RowReader(.ndjson)
        func codes(_ text: String) -> [String] {
            let record = RawRecord(line: 1, lastLine: 1, bytes: Array(text.utf8))
            guard case .failure(let faults) = reader.read(record) else { return [] }
            return faults.errors.map { "\($0.pointer) \($0.code)" }
        }
        #expect(codes(#"{"username":"ada"}"#).isEmpty)
        #expect(codes(#"{"username":"ada","password":"x"}"#) == [" plain_password"])
        #expect(codes(#"{"username":"ada","is_superuser":true}"#) == [" unknown_field"])
        #expect(codes(#"{"username":"ada","roles":["superuser"]}"#) == ["/roles unknown_role"])
        #expect(
            codes(#"{"username":"a b","email":"x","state":"gone"}"#) == [
                "/email invalid_email", "/username invalid_username", "/state unknown_word",
            ])
        #expect(codes(#"{"display_name":"Ada"}"#) == ["/email required"])
        #expect(codes(#"{"username":"ada","email_verified":true}"#) == ["/email_verified no_email"])
        #expect(codes(#"{"username":"ada","password_hash":"$2b$31$x"}"#) == ["/password_hash unusable_hash"])
        #expect(codes(#"{"username":"ada","created_at":"2999-01-01T00:00:00Z"}"#) == ["/created_at out_of_range"])
        #expect(codes("[1]") == [" malformed"])
        #expect(codes("{") == [" malformed"])
        var columns = RowReader(.csv)
        #expect(throws: (any Error).self) {
            try columns.readColumns(.init(line: 1, lastLine: 1, bytes: Array("username,passwort".utf8)))
        }
    }

    @Test("a list in a cell comes back as it was, and none is not nothing", arguments: [[], ["USER"], ["A", "B"]])
    func lists(words: [String]) {
        let cell = CSV.list(words)
        #expect(!cell.isEmpty)
        #expect(CSV.members(of: FormulaGuard.unguarded(FormulaGuard.guarded(cell))) == words)
    }
}
