import Octets

/// The token of an `Authorization` field (RFC 6750 §2.1).
enum BearerToken: Equatable {
    /// There is no field, or one of another scheme.
    case absent
    /// There is one that can't be a bearer token.
    case malformed
    /// The token.
    case token(String)

    /// Reads a field's value, where there is one.
    init(_ field: String?) {
        self = field.map { $0.withBytes { BearerToken($0) } } ?? .absent
    }

    /// Reads a field's value by bytes: it is there in each request, and half a kilobyte long.
    init(_ field: UnsafeRawBufferPointer) {
        let end = field.firstIndex(of: UInt8(ascii: " ")) ?? field.endIndex
        guard Self.isScheme(field[..<end]) else {
            self = .absent
            return
        }
        let token = UnsafeRawBufferPointer(rebasing: field[end...].dropFirst())
        self = Self.isToken(token) ? .token(String(decoding: token, as: UTF8.self)) : .malformed
    }

    private static func isScheme(_ word: Slice<UnsafeRawBufferPointer>) -> Bool {
        let scheme: StaticString = "bearer"
        guard word.count == scheme.utf8CodeUnitCount else { return false }
        // Bit 0x20 makes letters lower case, and no other byte a letter of these.
        return zip(word, 0...).allSatisfy { $0 | 0x20 == scheme.utf8Start[$1] }
    }

    /// Whether all are letters, digits and `-._~+/=`, and there is one.
    private static func isToken(_ bytes: UnsafeRawBufferPointer) -> Bool {
        !bytes.isEmpty
            && bytes.allWords { word in
                let letters = Word.from(UInt8(ascii: "a"), to: UInt8(ascii: "z"), in: word | Word.of(0x20))
                // `-`, `.`, `/` and the digits follow one another.
                let digits = Word.from(UInt8(ascii: "-"), to: UInt8(ascii: "9"), in: word)
                var others = Word.equal(to: UInt8(ascii: "_"), in: word)
                others |= Word.equal(to: UInt8(ascii: "~"), in: word)
                others |= Word.equal(to: UInt8(ascii: "+"), in: word)
                others |= Word.equal(to: UInt8(ascii: "="), in: word)
                return (letters | digits | others) & ~word & Word.marks == Word.marks
            }
    }
}
