import Domain

public import Logging

/// Makes any text safe to stand on one line of a log: quotes of the JSON kind, nothing a terminal would obey, and no
/// longer than allowed.
enum LogEscaping {
    /// Longest value of one metadata entry, and longest message, in bytes of UTF-8 before escaping.
    static let maximumValueBytes = 4096

    /// Appends the text's bytes, escaped; at most `budget` of them, which is reduced by those taken, then "…".
    /// - Parameter quotes: Whether `"` is escaped too.
    static func append(_ text: String, budget: inout Int, quotes: Bool = true, to line: inout [UInt8]) {
        var text = text
        // Lends a native string's own bytes: nothing is copied.
        text.withUTF8 { append($0, budget: &budget, quotes: quotes, to: &line) }
    }

    /// Appends bytes that claim to be UTF-8; those that are not become `\\xNN`.
    static func append(
        _ source: UnsafeBufferPointer<UInt8>, budget: inout Int, quotes: Bool, to line: inout [UInt8]
    ) {
        // All indices are checked against source.count before use; rebasing keeps within it.
        var index = 0
        var runStart = 0
        let end = min(source.count, budget)
        // With quotes left alone, what is compared in their place is a byte that the other comparison finds as well.
        let quote = quotes ? UInt8(ascii: "\"") : UInt8(ascii: "\\")
        while true {
            while index < end, source[index] &- 0x20 < 0x5F, source[index] != UInt8(ascii: "\\"), source[index] != quote
            {
                index += 1
            }
            guard index < end else { break }
            let byte = source[index]
            var length = 1
            if byte >= 0x80, let scalar = scalar(source, at: index, length: &length), !isDangerous(scalar) {
                guard index + length <= budget else { break }
                index += length
                continue
            }
            line.append(contentsOf: UnsafeBufferPointer(rebasing: source[runStart..<index]))
            appendEscape(source, at: index, to: &line)
            index += length
            runStart = index
        }
        line.append(contentsOf: UnsafeBufferPointer(rebasing: source[runStart..<index]))
        if index < source.count { line.append(contentsOf: "…".utf8) }
        budget = max(0, budget - index)
    }

    private static func appendEscape(_ source: UnsafeBufferPointer<UInt8>, at index: Int, to line: inout [UInt8]) {
        let byte = source[index]
        var length = 1
        switch byte {
        case UInt8(ascii: "\""): line.append(contentsOf: #"\""#.utf8)
        case UInt8(ascii: "\\"): line.append(contentsOf: #"\\"#.utf8)
        case 0x0A: line.append(contentsOf: #"\n"#.utf8)
        case 0x0D: line.append(contentsOf: #"\r"#.utf8)
        case 0x09: line.append(contentsOf: #"\t"#.utf8)
        case ..<0x80: appendUnit(UInt16(byte), to: &line)
        default:
            if let scalar = scalar(source, at: index, length: &length) {
                for unit in scalar.utf16 { appendUnit(unit, to: &line) }
            } else {
                line.append(contentsOf: #"\\x"#.utf8)
                line.append(Hexadecimal.digit(byte >> 4))
                line.append(Hexadecimal.digit(byte & 15))
            }
        }
    }

    private static func appendUnit(_ unit: UInt16, to line: inout [UInt8]) {
        line.append(contentsOf: #"\u"#.utf8)
        for shift in [12, 8, 4, 0] { line.append(Hexadecimal.digit(UInt8(truncatingIfNeeded: unit >> shift) & 15)) }
    }

    /// Decodes the multi-byte sequence at `index`; nil, with a length of one byte, where it is not valid UTF-8.
    private static func scalar(
        _ source: UnsafeBufferPointer<UInt8>, at index: Int, length: inout Int
    ) -> Unicode.Scalar? {
        let first = source[index]
        let (count, least): (Int, UInt32) =
            switch first {
            case 0xC2...0xDF: (2, 0x80)
            case 0xE0...0xEF: (3, 0x800)
            case 0xF0...0xF4: (4, 0x10000)
            default: (1, 0)
            }
        guard count > 1, index + count <= source.count else { return nil }
        var value = UInt32(first) & (0x7F >> UInt32(count))
        for offset in 1..<count {
            let byte = source[index + offset]
            guard byte & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        // The initialiser refuses surrogates and what lies beyond Unicode.
        guard value >= least, let scalar = Unicode.Scalar(value) else { return nil }
        length = count
        return scalar
    }

    /// C1 controls (a terminal takes U+009B for an escape sequence), line separators, invisible characters, and those
    /// that change the direction of writing, which make a line read other than it is.
    private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x80...0x9F, 0x61C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF, 0xFFF9...0xFFFB,
            0xE0000...0xE007F:
            true
        default: false
        }
    }
}

extension Logger.MetadataValue {
    /// Bytes from outside as a log value, a header's for example; those that are not UTF-8 are written as `\xNN`.
    public static func bytes(_ bytes: some Sequence<UInt8>) -> Logger.MetadataValue {
        let bytes = Array(bytes.prefix(LogEscaping.maximumValueBytes + 1))
        if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
        var text = ""
        for byte in bytes {
            if byte < 0x80 {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + String(byte, radix: 16)
            }
        }
        return .string(text)
    }
}
