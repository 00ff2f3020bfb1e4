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
        let scheme = field.prefix { $0 != " " }
        guard scheme.lowercased() == "bearer" else {
            self = .absent
            return
        }
        let token = field.dropFirst(scheme.count + 1)
        let isToken = !token.isEmpty && token.utf8.allSatisfy(Self.isTokenByte)
        self = isToken ? .token(String(token)) : .malformed
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
