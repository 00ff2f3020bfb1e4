import NIOCore
public import Redis

/// Where Redis is: either one of the servers named, or the primary that sentinels name.
public enum RedisSettings {
    /// The servers.
    public static let url = Setting<String?>.optional(
        "REDIS_URL", .nonEmpty, secret: true,
        "Redis: `redis://host:port`, several hosts separated by commas; or `REDIS_SENTINELS`")
    /// The password.
    public static let password = Setting<Secret?>.optional(
        "REDIS_PASSWORD", .secret(), "The password, when it is not part of `REDIS_URL`")
    /// The sentinels.
    public static let sentinels = Setting<[HostPort]?>.optional(
        "REDIS_SENTINELS", .list(of: .hostPort(defaultPort: 26_379), count: 1...64),
        "The sentinels that know where the Redis primary is, `host:port` separated by commas, in place of `REDIS_URL`")
    /// The name they know it by.
    public static let masterName = Setting<String?>.optional(
        "REDIS_SENTINEL_MASTER", .nonEmpty, "The name under which the sentinels watch the primary")
    /// The sentinels' own password.
    public static let sentinelPassword = Setting<Secret?>.optional(
        "REDIS_SENTINEL_PASSWORD", .secret(), "The sentinels' own password, where they ask for one")
    /// Patience.
    public static let timeout = Setting<Duration>(
        "REDIS_TIMEOUT", .duration(in: .milliseconds(10) ... .seconds(10)), default: "100ms",
        "How long Redis may take to answer before a process goes on without it")

    /// All of them, in the order of the manual.
    public static let all: [any SettingDeclaration] = [
        url, password, sentinels, masterName, sentinelPassword, timeout,
    ]

    /// What a client is to be configured with.
    /// - Throws: Every setting that is missing or does not go with another.
    public static func configuration(
        _ values: ConfigurationValues
    ) throws(ConfigurationProblems) -> RedisConfiguration {
        let password = values[password]?.reveal()
        var configuration: RedisConfiguration
        switch (values[url], values[sentinels]) {
        case (nil, nil):
            throw problem(url.name, "is missing, and so is \(sentinels.name); one of them has to say where Redis is")
        case (.some, .some):
            throw problem(sentinels.name, "is set beside \(url.name); keep one of them")
        case (let text?, nil):
            do throws(RedisError) {
                configuration = try RedisConfiguration(url: text, password: password)
            } catch {
                let reason = if case .configuration(let reason) = error { reason } else { "\(error)" }
                throw problem(url.name, reason)
            }
            if values[masterName] != nil { throw problem(masterName.name, "goes with \(sentinels.name) only") }
        case (nil, let hosts?):
            guard let name = values[masterName] else {
                throw problem(masterName.name, "is missing; \(sentinels.name) needs the name of the primary")
            }
            configuration = RedisConfiguration(
                sentinels: hosts.map { .init(name: $0.host, port: $0.port) }, masterName: name)
            configuration.password = password
        }
        if let secret = values[sentinelPassword]?.reveal() {
            guard configuration.masterName != nil else {
                throw problem(sentinelPassword.name, "is set, but no sentinels are")
            }
            configuration.sentinelPassword = secret
        }
        configuration.commandTimeout = TimeAmount(values[timeout])
        return configuration
    }

    private static func problem(_ name: String, _ reason: String) -> ConfigurationProblems {
        ConfigurationProblems([ConfigurationProblem(name, reason)])
    }
}
