import FoundationEssentials
import Logging
import Testing

@testable import Kit

@Suite("A record is one line")
struct LogLineTests {
    static let time = LogTime(seconds: 1_769_860_805, milliseconds: 7)
    static let json = LogLineRenderer(service: "token", style: .json)
    static let text = LogLineRenderer(service: "token", style: .text(isColored: false))

    private func line(
        _ renderer: LogLineRenderer = json, _ level: Logger.Level = .info, _ message: String = "m",
        _ metadata: Logger.Metadata = [:], label: String = ""
    ) -> String {
        let bytes = renderer.line(level, message, metadata: metadata, label: label, at: Self.time)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What another reader of JSON makes of the line.
    private func decoded(_ line: String) throws -> [String: String] {
        try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
    }

    @Test("JSON has its keys in a fixed order, then the rest by name")
    func jsonOrder() {
        let metadata: Logger.Metadata = [
            "zeta": "1", "subject": "s", "alpha": "2", "tenant": "t", "trace_id": "tr", "request_id": "r",
        ]
        #expect(
            line(Self.json, .warning, "hello", metadata, label: "postgres") == #"""
                {"timestamp":"2026-01-31T12:00:05.007Z","level":"warning","message":"hello","service":"token",\#
                "logger":"postgres","request_id":"r","trace_id":"tr","tenant":"t","subject":"s","alpha":"2","zeta":"1"}

                """#)
    }

    @Test("numbers and truth values stay what they are; arrays and dictionaries nest")
    func jsonTypes() {
        let metadata: Logger.Metadata = [
            "a": .stringConvertible(200), "b": .stringConvertible(true), "c": .stringConvertible(1.5),
            "d": .stringConvertible(Double.nan), "e": ["x", ["k": "v"]], "f": ["b": "2", "a": "1"],
        ]
        #expect(
            line(metadata: metadata).contains(
                #""a":200,"b":true,"c":1.5,"d":"nan","e":["x",{"k":"v"}],"f":{"a":"1","b":"2"}}"#))
    }

    private func line(metadata: Logger.Metadata) -> String { line(Self.json, .info, "m", metadata) }

    @Test("metadata can't pose as the record's own keys")
    func reservedNames() throws {
        let fields = try decoded(line(metadata: ["level": "x", "message": "y", "timestamp": "z", "service": "s"]))
        #expect(fields["level"] == "info")
        #expect(fields["message"] == "m")
        #expect(fields["service"] == "token")
        #expect(fields["_level"] == "x")
    }

    @Test(
        "whatever a value holds, the line is one line of printable text that means the same",
        arguments: [
            "plain", "quote\" back\\slash", "line\r\nbreak\ttab", "\u{1B}[31mred\u{1B}[0m",
            "nul\u{0}bell\u{7}del\u{7F}",
            "c1 \u{9B}31m", "sep\u{2028}\u{2029}", "bidi \u{202E}evil\u{2066}", "invisible\u{200B}\u{FEFF}",
            "tag \u{E0041}", "ünïcödé ✓ 👩‍💻 日本", "", "}{\",\"level\":\"critical",
        ])
    func escaping(value: String) throws {
        let json = line(Self.json, .info, value, ["key": .string(value), "list": .array([.string(value)])])
        let text = line(Self.text, .info, value, ["key": .string(value)])
        for line in [json, text] {
            #expect(line.hasSuffix("\n"))
            for scalar in line.dropLast().unicodeScalars {
                #expect(scalar.value >= 0x20 && scalar.value != 0x7F && !(0x80...0x9F).contains(scalar.value))
                #expect(!(0x200B...0x200F).contains(scalar.value) && !(0x2028...0x202E).contains(scalar.value))
                #expect(scalar.value < 0xE0000 && scalar.value != 0x2066 && scalar.value != 0xFEFF)
            }
        }
        struct Fields: Decodable {
            let message: String
            let key: String
            let list: [String]
        }
        let fields = try JSONDecoder().decode(Fields.self, from: Data(json.utf8))
        #expect(fields.message.unicodeScalars.elementsEqual(value.unicodeScalars))
        #expect(fields.key.unicodeScalars.elementsEqual(value.unicodeScalars))
        #expect(fields.list.first?.unicodeScalars.elementsEqual(value.unicodeScalars) == true)
    }

    @Test("bytes that are not UTF-8 are written in hexadecimal")
    func invalidBytes() throws {
        #expect(line(metadata: ["h": .bytes([0x61, 0xFF, 0x0A, 0xC3])]).contains(#""h":"a\\xff\n\\xc3"}"#))
        #expect(line(metadata: ["h": .bytes("é".utf8)]).contains(#""h":"é"}"#))
        var line: [UInt8] = []
        var budget = 100
        let bytes: [UInt8] = [0x61, 0xC0, 0xAF, 0xED, 0xA0, 0x80, 0xF5, 0x62, 0xE2, 0x82]
        bytes.withUnsafeBufferPointer { LogEscaping.append($0, budget: &budget, quotes: true, to: &line) }
        #expect(String(decoding: line, as: UTF8.self) == #"a\\xc0\\xaf\\xed\\xa0\\x80\\xf5b\\xe2\\x82"#)
    }

    @Test("a value is cut at 4 KiB between characters")
    func cutValues() throws {
        for (unit, kept) in [("x", 4096), ("é", 2048), ("日", 1365), ("👍", 1024)] {
            let text = String(repeating: unit, count: 1 << 20 / unit.utf8.count)
            let fields = try decoded(line(Self.json, .info, text, ["agent": .string(text)]))
            #expect(fields["agent"] == String(repeating: unit, count: kept) + "…")
            #expect(fields["message"] == fields["agent"])
        }
    }

    @Test("nested values share one cap, and depth has an end")
    func cutNested() throws {
        let element = Logger.MetadataValue.string(String(repeating: "x", count: 1000))
        let long = line(metadata: ["list": .array(Array(repeating: element, count: 1000))])
        #expect(long.utf8.count < 5000)
        let many = line(metadata: ["list": .array(Array(repeating: "", count: 100_000))])
        #expect(many.utf8.count < 5000)
        var deep = Logger.MetadataValue.string("canary")
        for _ in 0..<1000 { deep = ["k": deep] }
        let nested = line(metadata: ["deep": deep])
        #expect(nested.contains(#"{"k":{"k":{"k":{"k":"…"}}}}"#))
        #expect(!nested.contains("canary"))
    }

    @Test("very much metadata is cut, and the line stays JSON")
    func cutLine() throws {
        let value = Logger.MetadataValue.string(String(repeating: "\u{1}", count: 4096))
        let metadata = Logger.Metadata(uniqueKeysWithValues: (0..<100).map { ("key\($0)", value) })
        let line = line(metadata: metadata)
        #expect(line.utf8.count < 100_000)
        #expect(line.hasSuffix(",\"truncated\":true}\n"))
        #expect(try JSONParser.parse(line.utf8)["truncated"] == .bool(true))
    }

    @Test(
        "what a secret's name holds is not written, at any depth",
        arguments: [
            "password", "Password", "new_password", "token", "accessToken", "X-API-Key", "Authorization",
            "Set-Cookie", "client_secret", "apikey", "credentials", "passphrase", "private-key",
        ])
    func redaction(name: String) {
        let metadata: Logger.Metadata = [
            name: "canary", "outer": [name: ["canary"]], "list": [[name: "canary"]],
        ]
        for renderer in [Self.json, Self.text] {
            let line = line(renderer, .info, "m", metadata)
            #expect(!line.contains("canary"))
            #expect(line.contains("‹redacted›"))
        }
    }

    @Test("other names are written", arguments: ["path", "status", "tenant", "pass", "tok", "secre", "cookie"])
    func notRedacted(name: String) {
        #expect(line(metadata: [name: "canary"]).contains("canary") == (name != "cookie"))
        #expect(line(metadata: ["value": .stringConvertible(Secret("canary"))]).contains("‹redacted›"))
    }

    @Test("text is for eyes: one word bare, all else in quotes")
    func textForm() {
        let metadata: Logger.Metadata = [
            "request_id": "r1", "path": "/a b", "empty": "", "eq": "a=b", "n": .stringConvertible(5),
        ]
        #expect(
            line(Self.text, .error, "it \"failed\"", metadata, label: "db")
                == "2026-01-31T12:00:05.007Z ERROR    db: it \"failed\" request_id=r1 empty=\"\" eq=\"a=b\" n=5 path=\"/a b\"\n"
        )
    }

    @Test("colour is only where asked for")
    func color() {
        let colored = LogLineRenderer(service: "s", style: .text(isColored: true))
        #expect(line(colored, .error).contains("\u{1B}[31mERROR\u{1B}[0m"))
        #expect(!line(Self.text, .error).contains("\u{1B}"))
    }

    @Test(
        "times are right on every kind of day",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"), (951_868_800, "2000-03-01T00:00:00.000Z"),
            (1_709_164_800, "2024-02-29T00:00:00.000Z"), (1_735_689_599, "2024-12-31T23:59:59.000Z"),
            (1_735_689_600, "2025-01-01T00:00:00.000Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func times(seconds: Int64, expected: String) {
        let writer = LogTimeWriter()
        for _ in 0..<2 {
            var line: [UInt8] = []
            writer.append(LogTime(seconds: seconds, milliseconds: 0), to: &line)
            #expect(String(decoding: line, as: UTF8.self) == expected)
        }
    }

    @Test("the kept date changes with the day")
    func dateChanges() {
        let writer = LogTimeWriter()
        for day in 0..<800 {
            let time = LogTime(seconds: Int64(day) * 86_400 + 1_700_000_000, milliseconds: 999)
            var line: [UInt8] = []
            var fresh: [UInt8] = []
            writer.append(time, to: &line)
            LogTimeWriter().append(time, to: &fresh)
            #expect(line == fresh)
        }
    }
}
