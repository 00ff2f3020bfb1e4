public import Tokens

/// The settings of the processes that derive keys from the master key.
public enum MasterKeySettings {
    /// The key that new things are made under.
    public static let masterKey = Setting<MasterKey>(
        "MASTER_KEY", .masterKey, secret: true,
        "Seals signing keys and the audit log, marks refresh tokens: 32 bytes, base64url, after the first one with its "
            + "number: `2.…`")
    /// Keys that what was made under earlier is read with.
    public static let acceptedMasterKeys = Setting<[MasterKey]>(
        "MASTER_KEY_ACCEPTED", .list(of: .masterKey, count: 0...8), default: "", secret: true,
        "Further master keys, `number.key` between commas: what was made under them is read, nothing new is made")
}

extension SettingParser where Value == MasterKey {
    /// `number.key`, the number 1 when there is none.
    public static let masterKey = SettingParser(
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
