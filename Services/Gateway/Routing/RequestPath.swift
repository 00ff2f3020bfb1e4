import Domain
import Octets

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
        var target = target
        // Lends a native string's own bytes: nothing is copied.
        let end = target.withUTF8 { Self.unambiguousPath($0) }
        guard let end else { return nil }
        if end == target.utf8.count {
            (path, query) = (target, "")
        } else {
            let question = target.utf8.index(target.utf8.startIndex, offsetBy: end)
            (path, query) = (String(target[..<question]), String(target[question...]))
        }
        takeTenant()
    }

    /// Where the path ends; nil when it, or the query, is not to be taken. All reads are below the buffer's count.
    private static func unambiguousPath(_ target: UnsafeBufferPointer<UInt8>) -> Int? {
        guard target.first == UInt8(ascii: "/"), target.count <= 8192 else { return nil }
        var segmentLength = 0
        var segmentIsDots = true
        var index = 1
        while index < target.count, target[index] != UInt8(ascii: "?") {
            let byte = target[index]
            switch byte {
            case UInt8(ascii: "/"):
                if segmentLength == 0 || segmentIsDots { return nil }
                segmentLength = 0
                segmentIsDots = true
                index += 1
                continue
            case ...0x20, 0x7F..., UInt8(ascii: "\\"), UInt8(ascii: "#"):
                return nil
            case UInt8(ascii: "%"):
                guard let decoded = hexadecimal(target, at: index + 1), !isAmbiguousWhenEncoded(decoded) else {
                    return nil
                }
                segmentIsDots = false
            case UInt8(ascii: "."):
                break
            case UInt8(ascii: ";"):
                // `..;` is a dot segment to servers that drop parameters.
                if segmentIsDots, segmentLength > 0 { return nil }
            default:
                segmentIsDots = false
            }
            segmentLength += 1
            index += 1
        }
        guard segmentLength == 0 || !segmentIsDots else { return nil }
        let query = target[index...]
        return query.contains { $0 <= 0x20 || $0 == UInt8(ascii: "#") } ? nil : index
    }

    private static func isAmbiguousWhenEncoded(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
            || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "%")
    }

    private static func hexadecimal(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt8? {
        guard index + 2 <= bytes.count, let high = Hexadecimal.value(of: bytes[index]),
            let low = Hexadecimal.value(of: bytes[index + 1])
        else { return nil }
        return high << 4 | low
    }

    private static let metadata = "/.well-known/oauth-authorization-server"
    private static let tenantMetadata = metadata + "/t/"

    private mutating func takeTenant() {
        // RFC 8414 §3.1 puts the issuer's path behind the well-known name instead of before it.
        if path.begins(with: Self.tenantMetadata) {
            tenant = String(path.utf8.dropFirst(Self.tenantMetadata.utf8.count)) ?? ""
            path = Self.metadata
            return
        }
        guard path.begins(with: "/t/") else { return }
        let rest = path[path.utf8.index(path.startIndex, offsetBy: 3)...]
        let end = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        tenant = String(rest[..<end])
        path = end == rest.endIndex ? "/" : String(rest[end...])
    }
}
