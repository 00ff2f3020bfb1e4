public import NIOCore

/// Where the database is and how much may be asked of it.
public struct PostgresConfiguration: Sendable {
    /// A libpq connection string, URI or keywords: TLS, several hosts and `target_session_attrs` as libpq takes them.
    ///
    /// Where it names no `target_session_attrs`, only a server that accepts writes is used. Several servers are tried in
    /// turn, the last good one first; one that says nothing keeps the next waiting for a moment only.
    public var connectionString: String
    /// The password, when it is not part of the connection string. Never logged.
    public var password: String?
    /// Connections to keep open, 1 to 16. Few are best: they are shared by pipelining, not checked out.
    public var connections: Int
    /// How long a unit may wait to be sent, also while the link is being made again.
    public var acquireTimeout: TimeAmount
    /// Bound of one statement at the server; `lock_timeout` is set to the same.
    public var statementTimeout: TimeAmount
    /// The server ends sessions that hold a transaction open this long without a statement.
    public var idleInTransactionTimeout: TimeAmount
    /// Bound of one attempt at one address. libpq counts in whole seconds, at least 2.
    public var connectTimeout: TimeAmount
    /// Connections are replaced after this long, give or take a fifth, so that a failover is followed.
    public var connectionLifetime: TimeAmount
    /// Units that may wait to be sent; beyond, callers get `overloaded`.
    public var maxQueued: Int
    /// Units that may be unanswered on one connection before further ones wait for another.
    public var window: Int
    /// Shown in `pg_stat_activity`.
    public var applicationName: String
    /// The setting that row-level security policies read.
    public var tenantSetting: String
    /// First pause between attempts to connect; doubles up to `reconnectMaximum`, with jitter.
    public var reconnectMinimum: TimeAmount
    /// Longest pause between attempts to connect.
    public var reconnectMaximum: TimeAmount
    /// How long shutdown waits for queued and unanswered units.
    public var shutdownTimeout: TimeAmount

    /// A configuration with the suite's defaults.
    public init(
        connectionString: String,
        password: String? = nil,
        connections: Int = 2,
        acquireTimeout: TimeAmount = .seconds(1),
        statementTimeout: TimeAmount = .seconds(3),
        idleInTransactionTimeout: TimeAmount = .seconds(10),
        connectTimeout: TimeAmount = .seconds(2),
        connectionLifetime: TimeAmount = .minutes(30),
        maxQueued: Int = 4096,
        window: Int = 64,
        applicationName: String = "gatehouse",
        tenantSetting: String = "gatehouse.tenant",
        reconnectMinimum: TimeAmount = .milliseconds(50),
        reconnectMaximum: TimeAmount = .seconds(2),
        shutdownTimeout: TimeAmount = .seconds(10)
    ) {
        self.connectionString = connectionString
        self.password = password
        self.connections = connections
        self.acquireTimeout = acquireTimeout
        self.statementTimeout = statementTimeout
        self.idleInTransactionTimeout = idleInTransactionTimeout
        self.connectTimeout = connectTimeout
        self.connectionLifetime = connectionLifetime
        self.maxQueued = maxQueued
        self.window = window
        self.applicationName = applicationName
        self.tenantSetting = tenantSetting
        self.reconnectMinimum = reconnectMinimum
        self.reconnectMaximum = reconnectMaximum
        self.shutdownTimeout = shutdownTimeout
    }
}

extension PostgresConfiguration {
    /// Throws `invalidConfiguration` where the connection string does not parse; for start-up, before anything runs.
    public func validate() throws(PostgresError) {
        _ = try ConnectionParameters(self)
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomReflectable {
    /// Names the bounds, never the connection string or password.
    public var description: String {
        "PostgresConfiguration(connections: \(connections), maxQueued: \(maxQueued), window: \(window))"
    }

    /// Hides the stored properties, and with them the password, from `dump` and string interpolation of containers.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
