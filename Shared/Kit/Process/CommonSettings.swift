public import Logging

/// The settings that every process shares.
public enum CommonSettings {
    /// Where it runs.
    public enum Environment: String, CaseIterable, Sendable {
        /// On a developer's machine: shows its mail, offers the echo route.
        case development
        /// For users.
        case production
    }

    /// Where it runs.
    public static let environment = Setting<Environment>(
        "GATEHOUSE_ENV", .choice, default: "production", "Where it runs: `development` or `production`")
    /// The lowest level that is logged.
    public static let logLevel = Setting<Logger.Level>(
        "LOG_LEVEL", .logLevel, default: "info", "The lowest level that is logged")
    /// The form of log lines.
    public static let logFormat = Setting<LogFormat>(
        "LOG_FORMAT", .choice, default: "auto", "`json`, `text`, or `auto`: text on a terminal, else JSON")
    /// The address to listen on.
    public static let host = Setting<String>("HOST", .nonEmpty, default: "127.0.0.1", "The address to listen on")
    /// The database.
    public static let databaseURL = Setting<String>(
        "DATABASE_URL", .nonEmpty, secret: true,
        "Postgres, as libpq takes it: a URI or keywords, several hosts, TLS settings")
    /// The database password.
    public static let databasePassword = Setting<Secret?>.optional(
        "DATABASE_PASSWORD", .secret(), "The password, when it is not part of `DATABASE_URL`")
    /// Connections to the database.
    public static let databaseConnections = Setting<Int>(
        "DATABASE_CONNECTIONS", .integer(in: 1...16), default: "2", "Connections to Postgres per process")
    /// The secret between processes.
    public static let internalKey = Setting<Secret>(
        "INTERNAL_KEY", .secret(minimumBytes: 32),
        "What the processes know one another by, 32 random characters or more"
    )
    /// What users see as the address.
    public static let publicURL = Setting<BaseURL>(
        "PUBLIC_URL", .url, default: "http://localhost:8080",
        "The address users see; the issuer of tokens begins with it")

    /// All of them, in the order of the manual.
    public static let all: [any SettingDeclaration] =
        [environment, logLevel, logFormat, host, databaseURL, databasePassword, databaseConnections]
        + RedisSettings.all + [internalKey, publicURL]

    /// The port of a process.
    public static func port(default port: Int) -> Setting<Int> {
        Setting<Int>("PORT", .port, default: String(port), "The port to listen on")
    }
}
