import Domain
import Kit

/// The settings of the identity process beside the common ones.
enum IdentitySettings {
    static let port = CommonSettings.port(default: 8081)
    static let tokenUpstreams = Setting<[HostPort]>(
        "TOKEN_UPSTREAMS", .list(of: .hostPort(defaultPort: 8082)), default: "127.0.0.1:8082",
        "Where token instances listen: `host:port`, separated by commas; a name may stand for several")
    static let hashWorkers = Setting<Int>(
        "HASH_WORKERS", .integer(in: 0...256), default: "0", "Threads that hash passwords; 0 means one per core")
    static let superuserEmail = Setting<String?>.optional(
        "FIRST_SUPERUSER_EMAIL", .nonEmpty, "The first superuser, made once when there is none")
    static let superuserPassword = Setting<Secret?>.optional(
        "FIRST_SUPERUSER_PASSWORD", .secret(minimumBytes: 8), "The first superuser's password")

    static let all: [any SettingDeclaration] = [tokenUpstreams, hashWorkers, superuserEmail, superuserPassword]
}
