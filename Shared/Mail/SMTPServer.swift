/// A mail server that takes mails for delivery.
public struct SMTPServer: Sendable {
    /// Name or address, an IPv6 address in brackets.
    public let host: String
    /// TCP port.
    public let port: Int
    /// Whether TLS begins with the first byte (`smtps://`).
    public let isSecureFromStart: Bool
    /// The name this side gives in EHLO; the machine's own where nil.
    public let clientName: String?
    /// The login; none where nil.
    public var credentials: SMTPCredentials?
    /// What `smtp://` does about TLS.
    public var security: SMTPSecurity
    /// Path of a PEM file of the authorities to trust in place of the system's.
    public var authorities: String?
    /// Limit for the connection, TLS included.
    public var connectTimeout: Duration = .seconds(5)
    /// Limit for one mail from first to last; the goodbye afterwards may take as long once more.
    public var timeout: Duration = .seconds(30)

    /// Takes `smtp://host`, `smtp://host:587` or `smtps://host:465`, these ports being the defaults (RFC 8314), with
    /// the name to give in EHLO as a path if need be: `smtp://host/gatehouse.example.com`.
    ///
    /// No login in the URL: settings print URLs.
    public init?(
        _ url: String, credentials: SMTPCredentials? = nil, security: SMTPSecurity = .required,
        authorities: String? = nil
    ) {
        guard let schemeEnd = url.firstRange(of: "://") else { return nil }
        switch url[..<schemeEnd.lowerBound].lowercased() {
        case "smtp": isSecureFromStart = false
        case "smtps": isSecureFromStart = true
        default: return nil
        }
        let parts = url[schemeEnd.upperBound...].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.count == 2 ? parts[1] : ""
        guard let (host, port) = Self.address(parts[0]), name.isEmpty || Self.isName(name) else { return nil }
        self.host = String(host)
        self.port = port ?? (isSecureFromStart ? 465 : 587)
        clientName = name.isEmpty ? nil : String(name)
        self.credentials = credentials
        self.security = security
        self.authorities = authorities
    }

    /// What libcurl is told; made of checked parts only.
    var url: String {
        "\(isSecureFromStart ? "smtps" : "smtp")://\(host):\(port)/\(clientName ?? "")"
    }

    private static func address(_ text: Substring) -> (host: Substring, port: Int?)? {
        var host = text
        var port: Int?
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            let digits = text[colon...].dropFirst()
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
                (1...65535).contains(number)
            else { return nil }
            port = number
            host = text[..<colon]
        }
        guard host.hasPrefix("[") else { return isName(host) ? (host, port) : nil }
        let inner = host.dropFirst().dropLast()
        guard host.hasSuffix("]"), inner.contains(":"), inner.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." })
        else { return nil }
        return (host, port)
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."): true
                default: false
                }
            }
    }
}
