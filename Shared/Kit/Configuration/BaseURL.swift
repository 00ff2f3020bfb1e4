/// An absolute http or https URL to which paths are appended: no user information, query, fragment or slash at the end.
public struct BaseURL: Sendable, Hashable, CustomStringConvertible {
    /// The URL as text, without a slash at its end.
    public let text: String
    /// Whether it is https.
    public let isSecure: Bool
    /// The host, IPv6 without its brackets.
    public let host: String
    /// The port, 80 or 443 where none is written.
    public let port: Int
    /// The path, empty or beginning with a slash, without one at its end.
    public let path: String

    /// Reads `text`; nil when it is not such a URL.
    public init?(_ text: String) {
        let lowered = text.prefix(8).lowercased()
        let rest: Substring
        if lowered.hasPrefix("https://") {
            isSecure = true
            rest = text.dropFirst(8)
        } else if lowered.hasPrefix("http://") {
            isSecure = false
            rest = text.dropFirst(7)
        } else {
            return nil
        }
        let authority = rest.prefix { $0 != "/" }
        var path = rest.dropFirst(authority.count)
        while path.last == "/" { path.removeLast() }
        guard let (host, port) = HostPort.split(authority), path.utf8.allSatisfy(Self.isPathByte) else { return nil }
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
        self.path = String(path)
        self.text = (isSecure ? "https://" : "http://") + authority.lowercased() + path
    }

    /// The URL as text.
    public var description: String { text }

    /// The bytes RFC 3986 allows in a path: not `?`, `#`, white space, quotes, brackets, control or non-ASCII bytes.
    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "@"),
            UInt8(ascii: "%"):
            true
        default: false
        }
    }
}
