/// A request target, normalised once: gateway and service decide by the same path.
struct RequestPath: Equatable {
    /// The path, from `/`, no tenant prefix.
    var path: String
    /// The query with its `?`, or empty.
    let query: String
    /// The slug after `/t/`, when the path began so.
    var tenant: String?

    /// Takes an origin-form target. Nil when two readers could understand it differently: dot segments, empty segments,
    /// encoded slashes, dots or NULs, backslashes, control characters, fragments, or bad percent-encoding.
    init?(_ target: String) {
        let question = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.utf8.endIndex
        let path = target[..<question]
        query = String(target[question...])
        guard path.utf8.first == UInt8(ascii: "/"), target.utf8.count <= 8192 else { return nil }
        guard Self.isUnambiguous(path.utf8), !query.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "#") })
        else {
            return nil
        }
        self.path = String(path)
        takeTenant()
    }

    private static func isUnambiguous(_ path: Substring.UTF8View) -> Bool {
        var segmentLength = 0
        var segmentIsDots = true
        var index = path.index(after: path.startIndex)
        while index < path.endIndex {
            let byte = path[index]
            switch byte {
            case UInt8(ascii: "/"):
                if segmentLength == 0 || segmentIsDots { return false }
                segmentLength = 0
                segmentIsDots = true
                index = path.index(after: index)
                continue
            case ...0x20, 0x7F..., UInt8(ascii: "\\"), UInt8(ascii: "#"):
                return false
            case UInt8(ascii: "%"):
                guard let decoded = hexadecimal(path, after: index), !isAmbiguousWhenEncoded(decoded) else {
                    return false
                }
                segmentIsDots = false
            case UInt8(ascii: "."):
                break
            case UInt8(ascii: ";"):
                // `..;` is a dot segment to servers that drop parameters.
                if segmentIsDots, segmentLength > 0 { return false }
            default:
                segmentIsDots = false
            }
            segmentLength += 1
            index = path.index(after: index)
        }
        return segmentLength == 0 || !segmentIsDots
    }

    private static func isAmbiguousWhenEncoded(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
            || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "%")
    }

    private static func hexadecimal(_ path: Substring.UTF8View, after percent: Substring.UTF8View.Index) -> UInt8? {
        let digits = path[path.index(after: percent)...].prefix(2)
        guard digits.count == 2 else { return nil }
        return digits.reduce(UInt8?.some(0)) { value, digit in
            guard let value, let nibble = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
            return value << 4 | UInt8(nibble)
        }
    }

    private mutating func takeTenant() {
        // RFC 8414 §3.1 puts the issuer's path behind the well-known name instead of before it.
        let wellKnown = "/.well-known/oauth-authorization-server"
        if path.hasPrefix(wellKnown + "/t/") {
            tenant = String(path.dropFirst(wellKnown.count + 3))
            path = wellKnown
            return
        }
        guard path.hasPrefix("/t/") else { return }
        let rest = path.dropFirst(3)
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        tenant = String(rest[..<end])
        path = end == rest.endIndex ? "/" : String(rest[end...])
    }
}
