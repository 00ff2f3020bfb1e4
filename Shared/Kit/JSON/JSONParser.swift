import Domain
import Octets

/// Why a text is not the JSON we take.
public struct JSONError: Error, Sendable, Equatable {
    /// Byte offset at which reading stopped.
    public let offset: Int
    /// What was wrong there, without a word of the text itself.
    public let reason: String
}

/// Reads JSON (RFC 8259) strictly: one value, unique member names, valid UTF-8, no lone surrogates, bounded depth.
///
/// A library's decoder takes the last of two equal names and lets depth reach the stack's end; on a public door both
/// are attacks, so this reader is ours.
public struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private let maximumDepth: Int

    /// Parses the whole of `bytes`.
    /// - Parameters:
    ///   - bytes: UTF-8 text.
    ///   - maximumDepth: How deep arrays and objects may nest; 32 unless told.
    /// - Throws: `JSONError` with the offset of the first fault.
    public static func parse(_ bytes: some Sequence<UInt8>, maximumDepth: Int = 32) throws(JSONError) -> JSONValue {
        let contiguous = ContiguousArray(bytes)
        let outcome: Result<JSONValue, JSONError> = contiguous.withUnsafeBufferPointer { buffer in
            // The pointer is used only inside this closure, in which the array is alive.
            var parser = JSONParser(bytes: buffer, maximumDepth: maximumDepth)
            do throws(JSONError) {
                return .success(try parser.document())
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    private mutating func document() throws(JSONError) -> JSONValue {
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        guard offset == bytes.count else { throw fault("more follows the value") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard let byte = peek() else { throw fault("the text ends where a value should begin") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < maximumDepth else { throw fault("nested too deep") }
        offset += 1
        var members: [JSONValue.Member] = []
        var names = SeenNames()
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object([]) }
        while true {
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else { throw fault("a member name should begin here") }
            let name = try string()
            guard name.utf8.count <= SeenNames.longest else { throw fault("a member name is too long") }
            guard names.insert(name) else { throw fault("a member name stands twice") }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw fault("a colon should stand here") }
            skipSpace()
            members.append(.init(name, try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "}")) { return .object(members) }
            throw fault("a comma or } should stand here")
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < maximumDepth else { throw fault("nested too deep") }
        offset += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        while true {
            skipSpace()
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "]")) { return .array(elements) }
            throw fault("a comma or ] should stand here")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let length = word.utf8CodeUnitCount
        guard bytes.count - offset >= length else { throw fault("not a value") }
        for index in 0..<length where bytes[offset + index] != word.utf8Start[index] {
            throw fault("not a value")
        }
        offset += length
        return value
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = offset
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) {
            guard digits() > 0 else { throw fault("not a value") }
        }
        if take(UInt8(ascii: ".")) {
            guard digits() > 0 else { throw fault("a digit should follow the decimal point") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits() > 0 else { throw fault("a digit should follow the exponent") }
        }
        guard offset - start <= 64 else { throw fault("a number is longer than 64 characters") }
        return .number(String(decoding: bytes[start..<offset], as: UTF8.self))
    }

    private mutating func digits() -> Int {
        let start = offset
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
        return offset - start
    }

    private mutating func string() throws(JSONError) -> String {
        offset += 1
        let start = offset
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                let text = try text(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[start..<offset])))
                offset += 1
                return text
            case UInt8(ascii: "\\"):
                return try escapedString(from: start)
            case ..<0x20:
                throw fault("a control character stands inside a string")
            default:
                offset += 1
            }
        }
        throw fault("the text ends inside a string")
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var unescaped = Array(bytes[start..<offset])
        while let byte = peek() {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                let text = unescaped.withUnsafeBytes { String(validUTF8: $0) }
                guard let text else { throw fault("not valid UTF-8") }
                return text
            case UInt8(ascii: "\\"):
                try appendEscape(to: &unescaped)
            case ..<0x20:
                throw fault("a control character stands inside a string")
            default:
                unescaped.append(byte)
            }
        }
        throw fault("the text ends inside a string")
    }

    private mutating func appendEscape(to unescaped: inout [UInt8]) throws(JSONError) {
        guard let byte = peek() else { throw fault("the text ends inside a string") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            var code = UInt32(try hexadecimal())
            if (0xD800...0xDBFF).contains(code) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw fault("a lone surrogate") }
                let low = UInt32(try hexadecimal())
                guard (0xDC00...0xDFFF).contains(low) else { throw fault("a lone surrogate") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw fault("a lone surrogate") }
            unescaped.append(contentsOf: String(scalar).utf8)
        default:
            throw fault("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt16 {
        guard bytes.count - offset >= 4 else { throw fault("the text ends inside an escape") }
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Hexadecimal.value(of: bytes[offset]) else {
                throw fault("not a hexadecimal digit")
            }
            value = value << 4 | UInt16(digit)
            offset += 1
        }
        return value
    }

    private func text(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> String {
        guard let text = String(validUTF8: bytes) else { throw fault("not valid UTF-8") }
        return text
    }

    private func peek() -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private func fault(_ reason: String) -> JSONError { JSONError(offset: offset, reason: reason) }
}
