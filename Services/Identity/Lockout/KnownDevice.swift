import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Octets
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

    /// What is kept of it, in hexadecimal.
    var digest: String { Hexadecimal.text(secret.digest) }

    /// The digests of the marks that a request shows, in hexadecimal: several people may sign in with one browser, and
    /// each has a mark of their own there.
    static func digests(in call: Call, body token: String?, isSecure: Bool) -> [String] {
        let shown = token.map { [$0] } ?? cookies(call, beginning: cookieName(isSecure))
        return shown.filter { $0.utf8.count <= 100 && $0.begins(with: prefix) }.prefix(8).map {
            Hexadecimal.text(OpaqueSecret.digest(of: $0))
        }
    }

    /// The cookie that keeps it for `user`, for 400 days, which is the longest a browser keeps one.
    func cookie(of user: UUID, isSecure: Bool) -> String {
        // A part of the id's digest: enough to tell a browser's few people apart.
        let suffix = Hexadecimal.text(OpaqueSecret.digest(of: user.text).prefix(4))
        return "\(Self.cookieName(isSecure))-\(suffix)=\(secret.text); Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax"
            + (isSecure ? "; Secure" : "")
    }

    /// `__Host-` binds a cookie to one host and to TLS; without TLS a browser would refuse it.
    private static func cookieName(_ isSecure: Bool) -> String {
        isSecure ? "__Host-gatehouse-device" : "gatehouse-device"
    }

    private static func cookies(_ call: Call, beginning name: String) -> [String] {
        call.head.headerFields[values: .cookie].flatMap { $0.words(between: ";") }.compactMap { pair in
            let pair = pair.utf8.drop { $0 == UInt8(ascii: " ") }
            guard pair.starts(with: name.utf8), let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            return String(pair[equals...].dropFirst())
        }
    }

    /// Remembers it as one of the user's.
    func remember(for user: UUID) -> PostgresStep {
        PostgresStep(Self.remember, [.uuid(user), .bytea(secret.digest)])
    }

    /// Notes that a device of the user's, known by its digest in hexadecimal, was used again.
    static func wasUsed(_ digest: String, by user: UUID) -> PostgresStep {
        PostgresStep(Self.used, [.uuid(user), .text(digest)])
    }

    /// Forgets the user's devices, but for those of these digests.
    static func forget(of user: UUID, but kept: [String]) -> PostgresStep {
        PostgresStep(Self.forget, [.uuid(user), .textArray(kept)])
    }

    private static let forget = PostgresStatement(
        "device_forget", [.uuid, .textArray],
        """
        delete from known_devices
        where tenant_id = current_tenant() and user_id = $1 and encode(digest, 'hex') <> all ($2)
        """)

    private static let remember = PostgresStatement(
        "device_remember", [.uuid, .bytea], "select remember_device($1, $2)")

    private static let used = PostgresStatement(
        "device_used", [.uuid, .text],
        """
        update known_devices set last_used_at = now()
        where tenant_id = current_tenant() and user_id = $1 and digest = decode($2, 'hex')
            and last_used_at < now() - interval '1 hour'
        """)
}
