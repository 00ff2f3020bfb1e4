import Domain
import Octets

/// `application/x-www-form-urlencoded`, as the WHATWG URL standard reads it, but strict.
public enum Form {
    /// Characters of a name that an answer repeats.
    private static let longestNamed = 64

    /// The parameters of a form or a query. An empty value counts as absent, a repeated name is refused (RFC 6749 §3.2).
    /// - Throws: `Problem.malformed` naming what is wrong; more than 100 parameters are refused.
    public static func members(_ bytes: some Collection<UInt8>) throws(Problem) -> [JSONValue.Member] {
        try lend(bytes) { bytes throws(Problem) in try members(bytes) }
    }

    /// One name or value of a form.
    /// - Parameter plus: What a plus sign stands for: a blank in a form, itself elsewhere.
    /// - Throws: `Problem.malformed` for bad percent-encoding or bytes that are not UTF-8.
    public static func decode(
        _ bytes: some Collection<UInt8>, plus: UInt8 = UInt8(ascii: " ")
    ) throws(Problem) -> String {
        try lend(bytes) { bytes throws(Problem) in try decode(bytes, plus: plus) }
    }

    /// Lends them as one block of memory, so that what reads them need not ask for each.
    private static func lend<Value>(
        _ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) throws(Problem) -> Value
    ) throws(Problem) -> Value {
        func outcome(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<Value, Problem> {
            do throws(Problem) {
                return .success(try body(UnsafeRawBufferPointer(bytes)))
            } catch {
                return .failure(error)
            }
        }
        let result =
            bytes.withContiguousStorageIfAvailable(outcome)
            ?? ContiguousArray(bytes).withUnsafeBufferPointer(outcome)
        return try result.get()
    }

    private static func members(_ bytes: UnsafeRawBufferPointer) throws(Problem) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        var names = SeenNames()
        var rest = bytes
        while !rest.isEmpty {
            let (pair, others) = rest.cut(at: UInt8(ascii: "&"))
            rest = others
            guard !pair.isEmpty else { continue }
            let (name, content) = pair.cut(at: UInt8(ascii: "="))
            let text = try decode(name, plus: UInt8(ascii: " "))
            guard text.utf8.count <= SeenNames.longest else { throw .malformed("The name of a parameter is too long.") }
            let value = try decode(content, plus: UInt8(ascii: " "))
            guard names.insert(text) else {
                throw .malformed("The parameter \(text.prefix(longestNamed)) stands twice.")
            }
            guard names.count <= 100 else { throw .malformed("There are more than 100 parameters.") }
            if !value.isEmpty { members.append(.init(text, .string(value))) }
        }
        return members
    }

    private static func decode(_ bytes: UnsafeRawBufferPointer, plus: UInt8) throws(Problem) -> String {
        let isPlain = bytes.allWords { word in
            !Word.any(UInt8(ascii: "+"), in: word) && !Word.any(UInt8(ascii: "%"), in: word)
        }
        let text =
            isPlain
            ? String(validUTF8: bytes)
            : try unescaped(bytes, plus: plus).withUnsafeBytes { String(validUTF8: $0) }
        guard let text else { throw .malformed("A parameter is not valid UTF-8.") }
        return text
    }

    private static func unescaped(_ bytes: UnsafeRawBufferPointer, plus: UInt8) throws(Problem) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"):
                decoded.append(plus)
            case UInt8(ascii: "%"):
                guard
                    let high = iterator.next().flatMap(Hexadecimal.value(of:)),
                    let low = iterator.next().flatMap(Hexadecimal.value(of:))
                else { throw .malformed("A percent sign in a parameter is not followed by two hexadecimal digits.") }
                decoded.append(high << 4 | low)
            default:
                decoded.append(byte)
            }
        }
        return decoded
    }
}
