import Kit

/// The settings of the admin process beside the common ones.
enum AdminSettings {
    static let port = CommonSettings.port(default: 8083)
    static let identityUpstreams = Setting<[HostPort]>(
        "IDENTITY_UPSTREAMS", .list(of: .hostPort(defaultPort: 8081)), default: "127.0.0.1:8081",
        "Where identity instances listen: `host:port`, separated by commas; a name may stand for several")
    static let eventRetention = Setting<Duration>(
        "EVENT_RETENTION", .duration(), default: "7d", "How long events are kept")
    static let historyRetention = Setting<Duration>(
        "HISTORY_RETENTION", .duration(), default: "400d", "How long the audit log and the login history are kept")
    static let auditSealInterval = Setting<Duration>(
        "AUDIT_SEAL_INTERVAL", .duration(in: .milliseconds(100)...(.seconds(3600))), default: "5s",
        "How often what was added to the audit log is sealed")

    static let all: [any SettingDeclaration] = [
        MasterKeySettings.masterKey, MasterKeySettings.acceptedMasterKeys, identityUpstreams, eventRetention,
        historyRetention, auditSealInterval,
    ]
}
