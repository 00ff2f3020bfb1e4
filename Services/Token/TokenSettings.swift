import Kit

/// The settings of the token process beside the common ones.
enum TokenSettings {
    static let port = CommonSettings.port(default: 8082)
    static let masterKey = Setting<Secret>(
        "MASTER_KEY", .base64url(count: 32...32), "Seals signing keys and marks refresh tokens: 32 bytes, base64url")

    static let all: [any SettingDeclaration] = [masterKey]
}
