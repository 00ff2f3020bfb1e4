import Octets
import FoundationEssentials
import NIOCore
import Testing

@testable import Kit

@Suite("JSON")
struct JSONTests {
    @Test(
        "what is not strict JSON is refused",
        arguments: [
            "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "01", "1.", ".5", "-", "+1", "1e", "0x1",
            "NaN",
            "tru", "nul", "\"\u{1}\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"",
            "1 2", "{}{}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "'a'", "[1 2]", "\u{FEFF}{}",
        ])
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try JSONParser.parse(text.utf8) }
    }

    @Test("invalid UTF-8 is refused")
    func invalidUTF8() {
        #expect(throws: JSONError.self) { try JSONParser.parse([0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.self) { try JSONParser.parse([0x22, 0xC0, 0x80, 0x22]) }
    }

    @Test("depth is bounded, and a long flat text is not deep")
    func depth() throws {
        let deep = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
        #expect(throws: JSONError.self) { try JSONParser.parse(deep.utf8) }
        #expect(throws: JSONError.self) { try JSONParser.parse(String(repeating: "[", count: 1_000_000).utf8) }
        let flat = "[" + Array(repeating: "[[]]", count: 10_000).joined(separator: ",") + "]"
        #expect(throws: Never.self) { try JSONParser.parse(flat.utf8) }
    }

    @Test("a name that stands twice is refused, however many members there are, and in whatever form it is written")
    func repeatedNames() throws {
        for count in 1...20 {
            for place in 0..<count {
                for again in ["n\(place)é", "n\(place)e\u{301}"] {
                    let names = (0..<count).map { "n\($0)é" }
                    func text(_ names: [String]) -> String {
                        "{" + names.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
                    }
                    #expect(throws: Never.self) { try JSONParser.parse(text(names).utf8) }
                    #expect(throws: JSONError.self) { try JSONParser.parse(text(names + [again]).utf8) }
                }
            }
        }
    }

    @Test("values read back as they were written")
    func roundTrip() throws {
        let text = #"{"a":[1,-2.5e3,true,false,null],"b":"\u00e9\ud83d\ude00\n\"\\\/","c":{}}"#
        let value = try JSONParser.parse(text.utf8)
        #expect(value["b"]?.string == "é😀\n\"\\/")
        #expect(value["a"] == .array([.number("1"), .number("-2.5e3"), .bool(true), .bool(false), .null]))
        var writer = JSONWriter()
        writer.value(value)
        #expect(try JSONParser.parse(writer.buffer.readableBytesView) == value)
    }

    @Test("random bytes never trap")
    func fuzz() {
        var random = SystemRandomNumberGenerator()
        let pieces = Array("{}[]\":,\\u0019eE+-.tfn \u{1}é".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in pieces.randomElement() ?? 0 }
            _ = try? JSONParser.parse(bytes)
        }
    }

    @Test(
        "times are written in UTC to the millisecond",
        arguments: [
            (0.0, "1970-01-01T00:00:00.000Z"), (951_782_399.999, "2000-02-28T23:59:59.999Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"), (1_795_240_147.5, "2026-11-21T05:49:07.500Z"),
            (4_102_444_800, "2100-01-01T00:00:00.000Z"),
        ])
    func timestamps(seconds: Double, text: String) {
        #expect(Timestamp.text(Date(timeIntervalSince1970: seconds)) == text)
    }

    @Test("control characters are escaped in what is written")
    func escapes() {
        var writer = JSONWriter()
        writer.value("a\"b\\c\n\u{1}\u{1F}é")
        #expect(writer.text == #""a\"b\\c\n\u0001\u001fé""#)
    }
}

@Suite("Times as text")
struct TimestampTests {
    @Test(
        "what RFC 3339 writes is read, and nothing else",
        arguments: [
            ("1970-01-01T00:00:00Z", 0.0), ("2026-01-31T12:00:00.250Z", 1_769_860_800.25),
            ("2000-02-29T23:59:59+02:00", 951_861_599), ("2024-12-31t23:00:00-01:30", 1_735_691_400),
            ("1969-12-31T23:59:59.5Z", -0.5), ("2026-01-31T12:00:00", nil), ("2026-02-29T12:00:00Z", nil),
            ("2026-13-01T12:00:00Z", nil), ("2026-01-31 12:00:00Z", nil), ("2026-01-31T24:00:00Z", nil),
            ("2026-01-31T12:00:00.Z", nil), ("2026-01-31T12:00:00Zx", nil), ("+026-01-31T12:00:00Z", nil), ("", nil),
        ] as [(String, Double?)])
    func parse(text: String, seconds: Double?) {
        #expect(Timestamp.parse(text)?.timeIntervalSince1970 == seconds)
    }

    @Test("a time that was written is read as the same")
    func roundTrip() throws {
        for seconds in stride(from: -2_000_000_000.0, through: 4_000_000_000, by: 12_345_678.123) {
            let text = Timestamp.text(Date(timeIntervalSince1970: seconds))
            #expect(Timestamp.text(try #require(Timestamp.parse(text))) == text)
        }
    }

    @Test("a name has 128 bytes at most, as comparing long ones could be an attack")
    func longNames() throws {
        let marks = String(repeating: "\u{301}", count: 64)
        #expect(throws: Never.self) { try JSONParser.parse(#"{"\#(marks)":1}"#.utf8) }
        let error = #expect(throws: JSONError.self) { try JSONParser.parse(#"{"\#(marks)x":1}"#.utf8) }
        #expect(error?.reason == "a member name is too long")
    }
}
