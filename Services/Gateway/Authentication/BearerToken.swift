/// The token of an `Authorization` field (RFC 6750 §2.1).
enum BearerToken: Equatable {
    /// There is no field, or one of another scheme.
    case absent
    /// There is one that can't be a bearer token.
    case malformed
    /// The token.
    case token(String)

    init(_ field: String?) {
        guard let field else {
            self = .absent
            return
        }
        // By bytes: this is read for each request, and characters would be put together first.
        let bytes = field.utf8
        let end = bytes.firstIndex(of: UInt8(ascii: " ")) ?? bytes.endIndex
        guard Self.isScheme(bytes[..<end]) else {
            self = .absent
            return
        }
        let token = field[end...].utf8.dropFirst()
        let isToken = !token.isEmpty && token.allSatisfy(Self.isTokenByte)
        self = isToken ? .token(String(Substring(token))) : .malformed
    }

    private static func isScheme(_ word: Substring.UTF8View) -> Bool {
        let scheme: StaticString = "bearer"
        guard word.count == scheme.utf8CodeUnitCount else { return false }
        // Bit 0x20 makes letters lower case, and no other byte a letter of these.
        return zip(word, 0...).allSatisfy { $0 | 0x20 == scheme.utf8Start[$1] }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}
