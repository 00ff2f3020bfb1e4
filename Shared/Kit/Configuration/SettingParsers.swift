import FoundationEssentials
public import Logging

extension SettingParser where Value == String {
    /// Any text.
    public static var string: Self { matching("a text") { $0 } }

    /// A text with at least one character that is not white space.
    public static var nonEmpty: Self {
        matching("a text that is not blank") { $0.contains { !$0.isWhitespace } ? $0 : nil }
    }
}

extension SettingParser where Value == Int {
    /// A whole decimal number in the range.
    public static func integer(in range: ClosedRange<Int>) -> Self {
        matching("a whole number between \(range.lowerBound) and \(range.upperBound)") { text in
            guard let number = Int(text), range.contains(number) else { return nil }
            return number
        }
    }

    /// A TCP port.
    public static var port: Self { integer(in: 1...65_535) }
}

extension SettingParser where Value == Bool {
    /// `true` or `false`, also written yes/no, on/off, 1/0, in any case.
    public static var boolean: Self {
        matching("true or false") { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        }
    }
}

extension SettingParser where Value == Duration {
    /// A duration such as `250ms`, `5s`, `15m`, `2h`, `30d`, `1h30m`; a bare number counts seconds.
    public static func duration(in range: ClosedRange<Duration> = .zero...(.seconds(315_576_000))) -> Self {
        let bounds = "between \(DurationText.text(range.lowerBound)) and \(DurationText.text(range.upperBound))"
        return matching("a duration such as 100ms, 5s or 15m, \(bounds)") { text in
            guard let duration = DurationText.parse(text), range.contains(duration) else { return nil }
            return duration
        }
    }
}

extension SettingParser where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of the type's cases, by raw value, in any case of letters.
    public static var choice: Self {
        let words = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return matching("one of \(words)") { text in
            let lowered = text.lowercased()
            return Value.allCases.first { $0.rawValue.lowercased() == lowered }
        }
    }
}

extension SettingParser where Value == Logger.Level {
    /// trace, debug, info, notice, warning, error or critical, in any case of letters.
    public static var logLevel: Self { choice }
}

extension SettingParser where Value == BaseURL {
    /// An absolute http or https URL without user information, query or fragment; a slash at its end is taken off.
    public static var url: Self {
        matching("an http or https URL without user, query or fragment") { BaseURL($0) }
    }
}

extension SettingParser where Value == HostPort {
    /// `host:port`, or `host` alone where there is a default port; an IPv6 address goes in brackets.
    public static func hostPort(defaultPort: Int? = nil) -> Self {
        matching(defaultPort == nil ? "host:port" : "host or host:port") { HostPort($0, defaultPort: defaultPort) }
    }
}

extension SettingParser {
    /// Elements between commas, white space around each taken off. An empty text is an empty list; an empty element or
    /// one that `element` refuses is a fault that tells its place.
    public static func list<Element: Sendable>(
        of element: SettingParser<Element>, count: ClosedRange<Int> = 0...1024
    ) -> Self where Value == [Element] {
        Self(expectation: "a list between commas, each \(element.expectation)", isSecret: element.isSecret) {
            text throws(SettingFault) in
            var elements: [Element] = []
            if text.contains(where: { !$0.isWhitespace }) {
                for (index, part) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
                    do throws(SettingFault) {
                        elements.append(try element.parse(part.trimmed))
                    } catch {
                        throw SettingFault("has a fault: element \(index + 1) \(error.reason)")
                    }
                }
            }
            guard count.contains(elements.count) else {
                throw SettingFault(
                    "has \(elements.count) elements; between \(count.lowerBound) and \(count.upperBound) are allowed")
            }
            return elements
        }
    }
}

extension SettingParser where Value == Secret {
    /// A secret text of at least that many bytes.
    public static func secret(minimumBytes: Int = 1) -> Self {
        let expectation = minimumBytes > 1 ? "a text of at least \(minimumBytes) bytes" : "a text"
        return Self(expectation: expectation, isSecret: true) { text throws(SettingFault) in
            guard text.utf8.count >= minimumBytes else {
                throw SettingFault("is \(text.utf8.count) bytes long; at least \(minimumBytes) are needed")
            }
            return Secret(text)
        }
    }

    /// Key bytes in base64url; the alphabet of plain base64 and `=` at the end are taken too.
    /// - Parameter count: How many bytes they have to decode to: `32...32`, or `32...` for a minimum.
    public static func base64url(count: some RangeExpression<Int> & Sendable) -> Self {
        Self(expectation: "base64url text", isSecret: true) { text throws(SettingFault) in
            guard let bytes = decodedBase64url(text) else { throw SettingFault("is not base64url text") }
            guard count.contains(bytes.count) else {
                throw SettingFault("decodes to \(bytes.count) bytes, which is the wrong length: \(wanted(count))")
            }
            // A key of zeros, or of one repeated byte, is somebody's placeholder.
            guard bytes.count < 2 || bytes.contains(where: { $0 != bytes[0] }) else {
                throw SettingFault("is one byte repeated, not a random key")
            }
            return Secret(bytes: bytes)
        }
    }

    private static func wanted(_ count: some RangeExpression<Int>) -> String {
        if let exact = count as? ClosedRange<Int>, exact.lowerBound == exact.upperBound {
            return "exactly \(exact.lowerBound) are needed"
        }
        if let range = count as? ClosedRange<Int> {
            return "between \(range.lowerBound) and \(range.upperBound) are needed"
        }
        if let minimum = count as? PartialRangeFrom<Int> { return "at least \(minimum.lowerBound) are needed" }
        return "\(count) are needed"
    }

    private static func decodedBase64url(_ text: String) -> [UInt8]? {
        var plain = ""
        for character in text.unicodeScalars {
            switch character {
            case "-": plain.unicodeScalars.append("+")
            case "_": plain.unicodeScalars.append("/")
            default: plain.unicodeScalars.append(character)
            }
        }
        while plain.utf8.last == UInt8(ascii: "=") { plain.removeLast() }
        plain += String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        return Data(base64Encoded: plain).map { Array($0) }
    }
}
