import Domain

/// Reads one flat JSON object strictly: unique names, integers, strings and arrays of strings; other values are checked
/// for form and passed over.
///
/// A general parser would accept what a token must not hold, take the last of two equal names, and cost more than the
/// signature check.
struct ClaimScanner {
    /// A member's value, as far as tokens need it.
    enum Value: Equatable {
        case string(String)
        case integer(Int64)
        case strings([String])
        /// Something else, of no use to a token.
        case other
    }

    private static let longestName = 128

    private let bytes: [UInt8]
    private var offset = 0

    /// The members of the object that is the whole of `bytes`, or nil when it isn't one.
    static func members(_ bytes: [UInt8]) -> [String: Value]? {
        var scanner = ClaimScanner(bytes: bytes)
        guard let members = scanner.object(), scanner.isAtEnd() else { return nil }
        return members
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func object() -> [String: Value]? {
        skipSpace()
        guard take(UInt8(ascii: "{")) else { return nil }
        var members: [String: Value] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return members }
        while true {
            skipSpace()
            guard let name = name() else { return nil }
            skipSpace()
            guard take(UInt8(ascii: ":")), let value = value(depth: 1) else { return nil }
            // Two members of one name are two tokens in one; escapes are undone before the names are compared.
            guard members.updateValue(value, forKey: name) == nil else { return nil }
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            return take(UInt8(ascii: "}")) ? members : nil
        }
    }

    private mutating func value(depth: Int) -> Value? {
        guard depth <= 8 else { return nil }
        skipSpace()
        guard offset < bytes.count else { return nil }
        switch bytes[offset] {
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "{"): return skipObject(depth: depth)
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default: return number()
        }
    }

    private mutating func array(depth: Int) -> Value? {
        offset += 1
        var strings: [String] = []
        var isPlain = true
        skipSpace()
        if take(UInt8(ascii: "]")) { return .strings([]) }
        while true {
            guard let element = value(depth: depth + 1) else { return nil }
            if case .string(let text) = element { strings.append(text) } else { isPlain = false }
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { return nil }
            return isPlain ? .strings(strings) : .other
        }
    }

    private mutating func skipObject(depth: Int) -> Value? {
        offset += 1
        var names: Set<String> = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .other }
        while true {
            skipSpace()
            guard let name = name(), names.insert(name).inserted else { return nil }
            skipSpace()
            guard take(UInt8(ascii: ":")), value(depth: depth + 1) != nil else { return nil }
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            return take(UInt8(ascii: "}")) ? .other : nil
        }
    }

    /// None of ours is longer, and a text of combining marks is compared in time that grows with the square of its length.
    private mutating func name() -> String? { string().flatMap { $0.utf8.count <= Self.longestName ? $0 : nil } }

    private mutating func word(_ word: StaticString) -> Value? {
        let length = word.utf8CodeUnitCount
        guard bytes.count - offset >= length else { return nil }
        for index in 0..<length where bytes[offset + index] != word.utf8Start[index] { return nil }
        offset += length
        return .other
    }

    private mutating func number() -> Value? {
        let start = offset
        _ = take(UInt8(ascii: "-"))
        let first = offset
        while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) { offset += 1 }
        guard offset > first, bytes[first] != UInt8(ascii: "0") || offset == first + 1 else { return nil }
        let isInteger = offset == bytes.count || !".eE".utf8.contains(bytes[offset])
        if isInteger {
            // Too great for 64 bits is no time and no count; as `other` it fails where an integer is needed.
            return Int64(String(decoding: bytes[start..<offset], as: UTF8.self)).map { .integer($0) } ?? .other
        }
        while offset < bytes.count, "0123456789.eE+-".utf8.contains(bytes[offset]) { offset += 1 }
        return Double(String(decoding: bytes[start..<offset], as: UTF8.self)) == nil ? nil : .other
    }

    private mutating func string() -> String? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = offset
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\"") {
                defer { offset += 1 }
                return String(validating: bytes[start..<offset], as: UTF8.self)
            }
            if byte == UInt8(ascii: "\\") { return escapedString(from: start) }
            guard byte >= 0x20 else { return nil }
            offset += 1
        }
        return nil
    }

    private mutating func escapedString(from start: Int) -> String? {
        var text = Array(bytes[start..<offset])
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escape() else { return nil }
                text.append(contentsOf: String(scalar).utf8)
            case ..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard offset < bytes.count else { return nil }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            guard let code = hexadecimal() else { return nil }
            guard (0xD800...0xDBFF).contains(code) else { return Unicode.Scalar(code) }
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), let low = hexadecimal(),
                (0xDC00...0xDFFF).contains(low)
            else { return nil }
            return Unicode.Scalar(0x10000 + (code - 0xD800) << 10 + (low - 0xDC00))
        default: return nil
        }
    }

    private mutating func hexadecimal() -> UInt32? {
        guard bytes.count - offset >= 4 else { return nil }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Hexadecimal.value(of: bytes[offset]) else { return nil }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace() {
        while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
    }

    private mutating func isAtEnd() -> Bool {
        skipSpace()
        return offset == bytes.count
    }
}
