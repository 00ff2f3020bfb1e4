import Kit
import Logging
import Testing

@Suite("Parsers of settings")
struct SettingParserTests {
    enum Mode: String, CaseIterable { case strict, relaxed }

    private func value<Value>(_ parser: SettingParser<Value>, _ text: String) -> Value? { try? parser.parse(text) }

    @Test(
        "whole numbers in a range",
        arguments: [
            ("1", 1), ("100", 100), ("+5", 5), ("0", nil), ("101", nil), ("", nil), (" 5", nil), ("5x", nil),
            ("0x5", nil),
            ("1e2", nil), ("99999999999999999999", nil),
        ] as [(String, Int?)])
    func integer(text: String, expected: Int?) {
        #expect(value(.integer(in: 1...100), text) == expected)
    }

    @Test(
        "ports end at 65535", arguments: [("1", 1), ("65535", 65_535), ("0", nil), ("65536", nil)] as [(String, Int?)])
    func port(text: String, expected: Int?) {
        #expect(value(.port, text) == expected)
    }

    @Test(
        "truth values",
        arguments: [
            ("true", true), ("YES", true), ("on", true), ("1", true), ("False", false), ("no", false), ("off", false),
            ("0", false), ("", nil), ("2", nil), ("truee", nil),
        ] as [(String, Bool?)])
    func boolean(text: String, expected: Bool?) {
        #expect(value(.boolean, text) == expected)
    }

    @Test(
        "durations",
        arguments: [
            ("5s", .seconds(5)), ("100ms", .milliseconds(100)), ("15m", .seconds(900)), ("2h", .seconds(7200)),
            ("1h30m", .seconds(5400)), ("30", .seconds(30)), ("0", .zero), ("250us", .microseconds(250)),
            ("7d", .seconds(604_800)), ("", nil), ("s", nil), ("5", .seconds(5)), ("-5s", nil), ("5 s", nil),
            ("1.5s", nil), ("5x", nil), ("9223372036854775807d", nil), ("9223372036854775807", nil), ("5s5", nil),
        ] as [(String, Duration?)])
    func duration(text: String, expected: Duration?) {
        #expect(value(.duration(), text) == expected)
    }

    @Test("a duration outside its range is refused, and the message tells the range")
    func durationRange() {
        let parser = SettingParser<Duration>.duration(in: .milliseconds(100)...(.seconds(5400)))
        #expect(value(parser, "99ms") == nil)
        #expect(value(parser, "2h") == nil)
        #expect(value(parser, "100ms") == .milliseconds(100))
        #expect(parser.expectation.hasSuffix("between 100ms and 1h30m"))
    }

    @Test("one of several words, in any case")
    func choice() {
        #expect(value(SettingParser<Mode>.choice, "STRICT") == .strict)
        #expect(value(SettingParser<Mode>.choice, "other") == nil)
        #expect(SettingParser<Mode>.choice.expectation == "one of strict, relaxed")
        #expect(value(SettingParser<LogFormat>.choice, "auto") == .automatic)
        #expect(value(SettingParser<Logger.Level>.logLevel, "Warning") == .warning)
        #expect(value(SettingParser<Logger.Level>.logLevel, "warn") == nil)
    }

    @Test("lists keep order, trim white space and tell which element is at fault")
    func list() throws {
        let parser = SettingParser<[Int]>.list(of: .port, count: 0...3)
        #expect(value(parser, "3, 1 ,2") == [3, 1, 2])
        #expect(value(parser, " ") == [])
        for (text, reason) in [
            ("1,x", "has a fault: element 2 is not a whole number between 1 and 65535"),
            ("1,,2", "has a fault: element 2 is not a whole number between 1 and 65535"),
            ("1,2,3,4", "has 4 elements; between 0 and 3 are allowed"),
        ] {
            let fault = #expect(throws: SettingFault.self) { try parser.parse(text) }
            #expect(fault?.reason == reason)
        }
    }

    @Test(
        "base URLs",
        arguments: [
            ("http://localhost:8080", "http://localhost:8080"), ("https://Example.org/", "https://example.org"),
            ("HTTPS://a.b/c/d//", "https://a.b/c/d"), ("http://[::1]:80/x", "http://[::1]:80/x"),
            ("example.org", nil), ("ftp://example.org", nil), ("http://", nil), ("http:///x", nil),
            ("http://user:pw@example.org", nil), ("http://a?b", nil), ("http://a/?b", nil), ("http://a/#b", nil),
            ("http://a b", nil), ("http://a/\r\nSet-Cookie:x", nil), ("http://a:0", nil), ("http://a:65536", nil),
            ("http://a:", nil), ("http://[::1", nil), ("http://[g::1]", nil), ("http://a/ü", nil),
        ] as [(String, String?)])
    func url(text: String, expected: String?) {
        #expect(value(.url, text)?.text == expected)
    }

    @Test("a base URL's parts")
    func urlParts() throws {
        let url = try #require(BaseURL("https://[2001:db8::1]/a/b/"))
        #expect((url.isSecure, url.host, url.port, url.path) == (true, "2001:db8::1", 443, "/a/b"))
    }

    @Test(
        "hosts and ports",
        arguments: [
            ("a:1", "a:1"), ("10.0.0.1:65535", "10.0.0.1:65535"), ("[::1]:5", "[::1]:5"), ("a", "a:99"),
            ("[::1]", "[::1]:99"), ("", nil), (":1", nil), ("a:", nil), ("a:b", nil), ("::1:5", nil), ("a:+5", nil),
            ("a/b:1", nil), ("a:1:2", nil), ("[::1]5", nil),
        ] as [(String, String?)])
    func hostPort(text: String, expected: String?) {
        #expect(value(.hostPort(defaultPort: 99), text)?.description == expected)
    }

    @Test("without a default a port has to be given")
    func portRequired() {
        #expect(value(.hostPort(), "a") == nil)
        #expect(
            value(.list(of: .hostPort()), "a:1, b:2") == [HostPort(host: "a", port: 1), HostPort(host: "b", port: 2)])
    }

    @Test(
        "keys in base64url, padded or not, in either alphabet",
        arguments: [
            ("-_-_", [0xFB, 0xFF, 0xBF]), ("+/+/", [0xFB, 0xFF, 0xBF]), ("AQI", [1, 2]), ("AQI=", [1, 2]),
            ("A", nil), ("AQ!", nil), ("A Q I", nil), ("", nil),
        ] as [(String, [UInt8]?)])
    func base64url(text: String, expected: [UInt8]?) {
        #expect(value(.base64url(count: 1...), text)?.revealBytes() == expected)
    }

    @Test("a key of the wrong length, or of one repeated byte, is refused")
    func keyStrength() {
        for (text, reason) in [
            ("AQI", "decodes to 2 bytes, which is the wrong length: at least 16 are needed"),
            ("AAAAAAAAAAAAAAAAAAAAAA", "is one byte repeated, not a random key"),
            ("not base64!", "is not base64url text"),
        ] {
            let fault = #expect(throws: SettingFault.self) { try SettingParser.base64url(count: 16...).parse(text) }
            #expect(fault?.reason == reason)
        }
    }
}

@Suite("Secrets do not show")
struct SecretTests {
    @Test("printing, dumping and reflecting give nothing away")
    func redacted() {
        struct Holder { let secret: Secret }
        let secret = Secret("canary")
        var dumped = ""
        dump(Holder(secret: secret), to: &dumped)
        let texts = [
            "\(secret)", String(reflecting: secret), String(describing: Holder(secret: secret)),
            String(reflecting: [secret]), "\(Optional(secret) as Any)", dumped,
        ]
        for text in texts {
            #expect(!text.contains("canary") && !text.contains("99, 97"))
            #expect(text.contains("‹redacted›"))
        }
        #expect(Mirror(reflecting: secret).children.isEmpty)
        #expect(secret.reveal() == "canary")
    }

    @Test("secrets compare by their bytes")
    func comparison() {
        #expect(Secret("a") == Secret(bytes: [0x61]))
        #expect(Secret("a") != Secret("b"))
        #expect(Secret("a") != Secret("aa"))
        #expect(Secret("abc").withBytes { $0.count } == 3)
    }
}

@Suite("The table of settings")
struct SettingsTableTests {
    @Test("each setting is a row; a secret's default does not show")
    func markdown() {
        let table = SettingsTable.markdown([
            Setting<Int>("PORT", .port, default: "80", "The port"),
            Setting<String>("HOST", .string, "A | B."),
            Setting<Secret>("KEY", .secret(), default: "canary", "The key."),
            Setting<Bool?>.optional("FLAG", .boolean, "A flag."),
        ])
        #expect(
            table == """
                | Setting | Default | Meaning | Secret |
                |---|---|---|---|
                | `PORT` | `80` | The port. Has to be a whole number between 1 and 65535. |  |
                | `HOST` | required | A \\| B. Has to be a text. |  |
                | `KEY` | ‹redacted› | The key. Has to be a text. | yes |
                | `FLAG` | – | A flag. Has to be true or false. |  |

                """)
    }
}
