public import NIOCore

/// Where Redis is and how it is spoken to.
public struct RedisConfiguration: Sendable {
    /// A server's or sentinel's address.
    public struct Host: Sendable, Equatable {
        /// A name or an IP address.
        public var name: String
        /// The port.
        public var port: Int

        /// An address.
        public init(name: String, port: Int) {
            self.name = name
            self.port = port
        }
    }

    /// Servers, tried in turn until one takes writes; or, with `masterName`, the sentinels that know where it is.
    public var hosts: [Host]
    /// The name of the primary that the sentinels are asked for.
    public var masterName: String?
    /// The ACL user; the default user when nil.
    public var username: String?
    /// The password.
    public var password: String?
    /// The database number.
    public var database: Int
    /// How long a command may take.
    public var commandTimeout = TimeAmount.milliseconds(100)
    /// How long a connection may take to be made.
    public var connectTimeout = TimeAmount.seconds(1)
    /// How long the oldest command may stay unanswered before the connection is given up as hung.
    public var hangTimeout = TimeAmount.seconds(1)
    /// Failures in a row after which calls fail at once.
    public var breakerThreshold = 5
    /// How long they do.
    public var breakerPause = TimeAmount.seconds(2)
    /// Commands that may wait for answers on one connection.
    public var maxPending = 10_000

    /// Reads `redis://[user[:password]@]host[:port][,host[:port]…][/database]`, or the same with `redis+sentinel://`,
    /// the sentinels as hosts and `?master=name`.
    /// - Parameters:
    ///   - url: The address.
    ///   - password: The password, when it is not part of the address.
    /// - Throws: `RedisError.configuration` that says what is wrong and shows no secret.
    public init(url: String, password: String? = nil) throws(RedisError) {
        let isSentinel = url.hasPrefix("redis+sentinel://")
        guard isSentinel || url.hasPrefix("redis://") else {
            throw .configuration("the address must begin with redis:// or redis+sentinel://")
        }
        var rest = url.dropFirst(isSentinel ? 17 : 8)
        var query: Substring = ""
        if let question = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: question)...]
            rest = rest[..<question]
        }
        var database: Substring = "0"
        if let slash = rest.lastIndex(of: "/") {
            database = rest[rest.index(after: slash)...]
            rest = rest[..<slash]
        }
        var credentials: Substring?
        if let at = rest.lastIndex(of: "@") {
            credentials = rest[..<at]
            rest = rest[rest.index(after: at)...]
        }
        guard let number = Int(database.isEmpty ? "0" : database), (0...65_535).contains(number) else {
            throw .configuration("the database after the slash must be a number")
        }
        self.database = number
        hosts = []
        for part in rest.split(separator: ",", omittingEmptySubsequences: false) {
            hosts.append(try Self.host(part, defaultPort: isSentinel ? 26_379 : 6379))
        }
        if let credentials {
            let colon = credentials.firstIndex(of: ":")
            let user = try Self.decode(credentials[..<(colon ?? credentials.endIndex)])
            username = user.isEmpty ? nil : user
            if let colon {
                self.password = try Self.decode(credentials[credentials.index(after: colon)...])
            }
        }
        if let password { self.password = password }
        if isSentinel {
            let master = query.split(separator: "&").first { $0.hasPrefix("master=") }?.dropFirst(7)
            guard let master, !master.isEmpty else {
                throw .configuration("an address of sentinels needs ?master= and the primary's name")
            }
            masterName = String(master)
        }
    }

    private static func decode(_ text: Substring) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 else {
                throw .configuration("a percent sign in the user or password needs two hexadecimal digits")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func host(_ text: Substring, defaultPort: Int) throws(RedisError) -> Host {
        var name = text
        var port: Substring?
        if text.first == "[", let end = text.firstIndex(of: "]") {
            name = text[text.index(after: text.startIndex)..<end]
            let after = text[text.index(after: end)...]
            if after.first == ":" { port = after.dropFirst() }
        } else if let colon = text.lastIndex(of: ":") {
            name = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !name.isEmpty else { throw .configuration("a host is missing") }
        guard let port else { return Host(name: String(name), port: defaultPort) }
        guard let number = Int(port), (1...65_535).contains(number) else {
            throw .configuration("the port after \(name) must be a number from 1 to 65535")
        }
        return Host(name: String(name), port: number)
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomReflectable {
    /// The hosts, never the password.
    public var description: String { hosts.map { "\($0.name):\($0.port)" }.joined(separator: ",") }
    /// A mirror without children, so that `dump` finds no secret.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
