import Domain
import HTTPFields
import Kit
import Octets
import Tokens

/// Judges requests of another proxy before it passes them on: nginx's `auth_request`, Traefik's and Caddy's forward auth.
///
/// The caller's access token is all that counts for who it is. What the proxy says of the original request is believed
/// only when it is one the operator named, and only decides how a refusal looks.
struct ForwardAuth: Sendable {
    /// The path it is asked on.
    static let path = "/forward-auth"

    /// Where people without a token are sent; without one they get 401 as programs do.
    let loginURL: BaseURL?
    /// Where a page may be led back to after the login.
    let returnHosts: Set<String>

    /// What has to hold beside a good token, from the query: `roles=A,B` (one of them), `scope=x y` (all of them).
    struct Requirements: Equatable {
        var roles: [String] = []
        var scopes: [String] = []

        /// Reads a query with its `?`.
        init(query: String) throws(Problem) {
            for member in try Form.members(query.dropFirst().utf8) {
                let value = member.value.string ?? ""
                switch member.name {
                case "roles": roles = value.words(between: ",").map(String.init)
                case "scope": scopes = value.words(between: " ").map(String.init)
                default: throw .malformed("The query may have roles and scope.")
                }
            }
        }

        init() {}

        /// Whether a token is enough.
        func areMet(by claims: AccessTokenClaims) -> Bool { areMet(roles: claims.roles, scope: claims.scope) }

        /// Whether a token with these is enough.
        func areMet(roles held: [String], scope: String) -> Bool {
            if roles.isEmpty, scopes.isEmpty { return true }
            let granted = scope.words(between: " ").map(String.init)
            return (roles.isEmpty || roles.contains(where: held.contains)) && scopes.allSatisfy(granted.contains)
        }
    }

    /// The original request, as a proxy describes it.
    struct Original: Equatable {
        var method = "GET"
        var scheme = "https"
        var host: String?
        var target = "/"

        /// Reads the fields of Traefik and Caddy (`X-Forwarded-…`) or nginx (`X-Original-…`).
        init(_ fields: HeaderBlock) {
            method = fields.value(of: "x-forwarded-method") ?? fields.value(of: "x-original-method") ?? method
            scheme = fields.value(of: "x-forwarded-proto") == "http" ? "http" : "https"
            host = fields.value(of: "x-forwarded-host")
            target = fields.value(of: "x-forwarded-uri") ?? fields.value(of: "x-original-uri") ?? target
        }
    }

    /// Where to send a person who is not signed in: nil for a program, which wants 401.
    func login(for original: Original?, accept: String?, requestedWith: String?) -> String? {
        guard let loginURL, let original, original.method == "GET", requestedWith == nil,
            accept?.holds("text/html") == true
        else { return nil }
        guard let host = original.host, returnHosts.contains(host.lowercased()), original.target.hasPrefix("/"),
            !original.target.hasPrefix("//"), !original.target.hasPrefix("/\\")
        else { return loginURL.text }
        return loginURL.text + "?return_to=" + Self.encoded("\(original.scheme)://\(host)\(original.target)")
    }

    /// The fields that tell the service behind the proxy who asks. The proxy has to take off any of these names that the
    /// caller sent.
    static func add(_ identity: EdgeAuthenticator.Identity, tenant: Tenant, to fields: inout HeaderBlock) {
        let claims = identity.claims
        fields.append("x-auth-subject", claims.subject)
        fields.append("x-auth-tenant", tenant.slug)
        fields.append("x-auth-client", claims.clientID)
        if let session = claims.session { fields.append("x-auth-session", session) }
        if !claims.scope.isEmpty { fields.append("x-auth-scope", claims.scope) }
        if !identity.roles.isEmpty { fields.append("x-auth-roles", identity.roles) }
    }

    private static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 2)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 0x30 + digit : 0x37 + digit) }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
