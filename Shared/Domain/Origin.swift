/// An origin as browsers name it (RFC 6454 §6.1): scheme, host and, where it isn't the scheme's usual one, port.
public struct Origin: Hashable, Sendable {
    /// The origin as it is sent.
    public let text: String

    /// Takes `text` when it is exactly what a browser would send: nothing is trimmed, completed or put into lower case,
    /// so that origins are compared byte for byte. `null` and `*` are none.
    public init?(_ text: some StringProtocol) {
        let scheme = text.hasPrefix("https://") ? "https://" : "http://"
        guard text.utf8.count <= 300, text.hasPrefix(scheme) else { return nil }
        let authority = text.dropFirst(scheme.count)
        let host: Substring
        let rest: Substring
        if authority.hasPrefix("[") {
            let end = authority.firstIndex(of: "]") ?? authority.startIndex
            (host, rest) = (Substring(authority[...end]), Substring(authority[end...].dropFirst()))
            guard host.utf8.dropFirst().dropLast().allSatisfy({ Self.isHexadecimal($0) || $0 == UInt8(ascii: ":") })
            else { return nil }
        } else {
            let end = authority.firstIndex(of: ":") ?? authority.endIndex
            (host, rest) = (Substring(authority[..<end]), Substring(authority[end...]))
            guard host.utf8.allSatisfy(Self.isHostByte) else { return nil }
        }
        guard host.utf8.count > 0, host != "[",
            !host.split(separator: ".", omittingEmptySubsequences: false).contains("")
        else { return nil }
        if !rest.isEmpty {
            let port = rest.dropFirst()
            guard rest.hasPrefix(":"), let number = UInt16(port), String(number) == port,
                port != (scheme == "https://" ? "443" : "80")
            else { return nil }
        }
        self.text = String(text)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
