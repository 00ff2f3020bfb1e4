import Kit
import Tokens

/// The settings of the token process beside the common ones.
enum TokenSettings {
    static let port = CommonSettings.port(default: 8082)
    static let masterKey = Setting<MasterKey>(
        "MASTER_KEY", .masterKey, secret: true,
        "Seals signing keys and marks refresh tokens: 32 bytes, base64url, after the first one with its number: `2.…`")
    static let acceptedMasterKeys = Setting<[MasterKey]>(
        "MASTER_KEY_ACCEPTED", .list(of: .masterKey, count: 0...8), default: "", secret: true,
        "Further master keys, `number.key` between commas: what was made under them is read, nothing new is made")
    static let identityUpstreams = Setting<[HostPort]>(
        "IDENTITY_UPSTREAMS", .list(of: .hostPort(defaultPort: 8081)), default: "127.0.0.1:8081",
        "Where identity instances listen: `host:port`, separated by commas; a name may stand for several")
    static let keyRotation = Setting<Duration>(
        "KEY_ROTATION", .duration(in: .seconds(2)...(.seconds(315_576_000))), default: "90d",
        "How long a signing key is in use")
    static let keyPublishAhead = Setting<Duration>(
        "KEY_PUBLISH_AHEAD", .duration(in: .seconds(1)...(.seconds(31_557_600))), default: "24h",
        "How long a signing key is published before it is used: longer than any verifier keeps a key set")

    static let all: [any SettingDeclaration] = [
        masterKey, acceptedMasterKeys, identityUpstreams, keyRotation, keyPublishAhead,
    ]
}

extension SettingParser where Value == MasterKey {
    /// `number.key`, the number 1 when there is none.
    static let masterKey = SettingParser(
        expectation: "a number from 1 to 255, a dot and 32 bytes of base64url", isSecret: true
    ) { text throws(SettingFault) in
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let number = parts.count == 2 ? UInt8(parts[0]) : 1
        guard let number, number > 0, let last = parts.last else {
            throw SettingFault("must begin with a number from 1 to 255 before its dot")
        }
        let secret = try SettingParser<Secret>.base64url(count: 32...32).parse(String(last))
        do throws(KeyError) {
            return try MasterKey(version: number, bytes: secret.revealBytes())
        } catch {
            throw SettingFault("is no master key")
        }
    }
}
