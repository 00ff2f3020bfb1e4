import Kit

/// The settings of the token process beside the common ones.
enum TokenSettings {
    static let port = CommonSettings.port(default: 8082)
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
        MasterKeySettings.masterKey, MasterKeySettings.acceptedMasterKeys, identityUpstreams, keyRotation,
        keyPublishAhead,
    ]
}
