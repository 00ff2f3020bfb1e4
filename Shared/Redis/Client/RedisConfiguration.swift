public import NIOCore

/// Where the server is and how much may be asked of it.
public struct RedisConfiguration: Sendable {
    /// Where a server or sentinel listens.
    public struct Host: Sendable, Hashable, CustomStringConvertible {
        /// A name or an IP address, the latter without brackets.
        public var name: String
        /// TCP port.
        public var port: Int

        /// An address.
        public init(name: String, port: Int) {
            self.name = name
            self.port = port
        }

        /// `name:port`, with brackets around an IPv6 address.
        public var description: String {
            name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)"
        }
    }

    /// Servers, tried in turn until one accepts and is a primary that answers; with a `masterName`, the sentinels that
    /// are asked in turn where the primary is.
    public var hosts: [Host]
    /// The name under which sentinels know the primary; nil where the hosts are the servers themselves.
    public var masterName: String?
    /// The password of the sentinels' default user; nil where they ask for none. Never logged.
    public var sentinelPassword: String?
    /// The ACL user; nil for the default user.
    public var username: String?
    /// The password; nil to log in to no account. Never logged.
    public var password: String?
    /// The number of the database.
    public var database = 0
    /// Shown in the server's `CLIENT LIST`.
    public var clientName = "gatehouse"
    /// Bound of a command that comes without a deadline of its own.
    public var commandTimeout: TimeAmount = .milliseconds(100)
    /// Bound of connecting to one address, logging in included.
    public var connectTimeout: TimeAmount = .seconds(1)
    /// A connection whose oldest command waits this long, and past its deadline, is given up.
    public var hangTimeout: TimeAmount = .seconds(1)
    /// So many failures in a row open the breaker of a connection.
    public var breakerThreshold = 5
    /// While the breaker is open calls fail at once; after this long the server is asked for a sign of life.
    public var breakerPause: TimeAmount = .seconds(2)
    /// First pause between attempts to connect; doubles up to `reconnectMaximum`, with jitter.
    public var reconnectMinimum: TimeAmount = .milliseconds(50)
    /// Longest pause between attempts to connect.
    public var reconnectMaximum: TimeAmount = .seconds(2)
    /// Commands that may wait for an answer on one connection; beyond, callers get `overloaded`.
    public var maxPending = 10_000
    /// Bytes that may wait to be taken in by the server on one connection; beyond, callers get `overloaded`.
    public var maxUnsentBytes = 32 << 20
    /// Largest answer in bytes, each of its elements counted with at least 16; a larger one ends the connection.
    public var maxReplySize = 16 << 20
    /// How often an idle server is asked for a sign of life.
    public var heartbeatInterval: TimeAmount = .seconds(1)
    /// A subscription that heard nothing this long is made anew.
    public var staleTimeout: TimeAmount = .seconds(3)
    /// Events that may wait in one subscription for its reader.
    public var maxBufferedEvents = 4096

    /// One or more servers and the suite's defaults.
    public init(hosts: [Host]) {
        self.hosts = hosts
    }

    /// The primary that sentinels know under a name, and the suite's defaults.
    public init(sentinels: [Host], masterName: String) {
        self.hosts = sentinels
        self.masterName = masterName
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomReflectable {
    /// Names addresses and database, never the user or password.
    public var description: String {
        let names = hosts.map(\.description).joined(separator: ", ")
        return masterName == nil
            ? "RedisConfiguration(\(names); database \(database))"
            : "RedisConfiguration(sentinels \(names); database \(database))"
    }

    /// Hides the stored properties, and with them the password, from `dump` and string interpolation of containers.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
