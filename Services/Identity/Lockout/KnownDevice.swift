import FoundationEssentials
import HTTPTypes
import Kit
import Postgres
import Tokens

/// The mark a device gets at its first login and shows at later ones: as a cookie in a browser, as `device_token` in
/// other programs. It opens nothing; it only keeps strangers' guesses from locking this device out.
struct KnownDevice: Sendable {
    let secret: OpaqueSecret

    static let prefix = "ghd_"

    /// A mark for a device that came without one.
    init() {
        secret = OpaqueSecret(prefix: Self.prefix)
    }

    /// The digest of the mark that a request shows.
    static func digest(in call: Call, body token: String?, isSecure: Bool) -> [UInt8]? {
        let shown = token ?? cookie(call, named: cookieName(isSecure))
        guard let shown, shown.hasPrefix(prefix), shown.utf8.count <= 100 else { return nil }
        return OpaqueSecret.digest(of: shown)
    }

    /// The cookie that keeps it, for 400 days, which is the longest a browser keeps one.
    func cookie(isSecure: Bool) -> String {
        "\(Self.cookieName(isSecure))=\(secret.text); Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax"
            + (isSecure ? "; Secure" : "")
    }

    /// `__Host-` binds a cookie to one host and to TLS; without TLS a browser would refuse it.
    private static func cookieName(_ isSecure: Bool) -> String {
        isSecure ? "__Host-gatehouse-device" : "gatehouse-device"
    }

    private static func cookie(_ call: Call, named name: String) -> String? {
        for field in call.head.headerFields[values: .cookie] {
            for pair in field.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                if pair.hasPrefix(name + "=") { return String(pair.dropFirst(name.count + 1)) }
            }
        }
        return nil
    }

    /// Remembers it as one of the user's.
    func remember(for user: UUID) -> PostgresStep {
        PostgresStep(Self.remember, [.uuid(user), .bytea(secret.digest)])
    }

    private static let remember = PostgresStatement(
        "device_remember", [.uuid, .bytea], "select remember_device($1, $2)")
}
