extension RedisConfiguration {
    /// Reads `redis://user:password@host:port,host:port/database` or
    /// `redis+sentinel://user:password@sentinel:port,sentinel:port/database?master=name`.
    ///
    /// User, password, port and database may be left out. User and password are percent-decoded. Throws
    /// ``RedisError/configuration(_:)``, which names the part that is wrong and repeats nothing of the URL.
    ///
    /// - Parameter password: Takes the place of the URL's.
    public init(url: String, password: String? = nil) throws(RedisError) {
        guard let schemeEnd = url.firstRange(of: "://") else {
            throw .configuration("the URL has no scheme; redis:// and redis+sentinel:// are known")
        }
        let isSentinel: Bool
        switch url[..<schemeEnd.lowerBound] {
        case "redis": isSentinel = false
        case "redis+sentinel": isSentinel = true
        case "rediss": throw .configuration("the scheme rediss (TLS) is not supported")
        default: throw .configuration("the URL's scheme is not known; redis:// and redis+sentinel:// are")
        }
        var rest = url[schemeEnd.upperBound...]
        if rest.contains("#") { throw .configuration("the URL has a fragment; a # is written %23") }
        let query = Self.cut(&rest, at: rest.firstIndex(of: "?"))
        let path = Self.cut(&rest, at: rest.firstIndex(of: "/"))
        var credentials: Substring?
        if let at = rest.lastIndex(of: "@") {
            credentials = rest[..<at]
            rest = rest[rest.index(after: at)...]
        }

        self.init(hosts: try Self.hosts(rest, defaultPort: isSentinel ? 26379 : 6379))
        if let credentials { try readCredentials(credentials) }
        if let path, !path.isEmpty { database = try Self.databaseNumber(path) }
        try readQuery(query ?? "", isSentinel: isSentinel)
        if let password { self.password = password }
        if username != nil, self.password == nil { throw .configuration("there is a user but no password") }
    }

    /// Shortens the text to what is before the mark and returns what is after it.
    private static func cut(_ text: inout Substring, at mark: Substring.Index?) -> Substring? {
        guard let mark else { return nil }
        defer { text = text[..<mark] }
        return text[text.index(after: mark)...]
    }

    private mutating func readCredentials(_ text: Substring) throws(RedisError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = Self.percentDecoded(parts[0]) else {
            throw .configuration("the user is badly percent-encoded")
        }
        if !user.isEmpty { username = user }
        guard parts.count == 2 else { return }
        guard let secret = Self.percentDecoded(parts[1]) else {
            throw .configuration("the password is badly percent-encoded")
        }
        if !secret.isEmpty { password = secret }
    }

    private mutating func readQuery(_ query: Substring, isSentinel: Bool) throws(RedisError) {
        for (position, field) in query.split(separator: "&").enumerated() {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard isSentinel, parts[0] == "master" else {
                throw .configuration(
                    "query parameter \(position + 1) is not known; the only one is master, with redis+sentinel")
            }
            guard parts.count == 2, let name = Self.percentDecoded(parts[1]), !name.isEmpty else {
                throw .configuration("the query parameter master has no usable value")
            }
            masterName = name
        }
        if isSentinel, masterName == nil { throw .configuration("redis+sentinel needs ?master=name") }
    }

    private static func hosts(_ list: Substring, defaultPort: Int) throws(RedisError) -> [Host] {
        var hosts: [Host] = []
        for (position, item) in list.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            hosts.append(try host(item, number: position + 1, defaultPort: defaultPort))
        }
        return hosts
    }

    private static func host(_ text: Substring, number: Int, defaultPort: Int) throws(RedisError) -> Host {
        var name = text
        var portText: Substring?
        if text.first == "[" {
            name = text.dropFirst()
            guard let after = cut(&name, at: name.firstIndex(of: "]")) else {
                throw .configuration("host \(number) lacks its ]")
            }
            guard after.isEmpty || after.first == ":" else {
                throw .configuration("host \(number) has something after its ]")
            }
            portText = after.isEmpty ? nil : after.dropFirst()
        } else {
            portText = cut(&name, at: name.firstIndex(of: ":"))
        }
        guard !name.isEmpty else { throw .configuration("host \(number) is empty") }
        guard name.utf8.allSatisfy(isHostByte) else { throw .configuration("host \(number) is no name or address") }
        guard let portText else { return Host(name: String(name), port: defaultPort) }
        guard portText.utf8.allSatisfy(isDigit), let port = Int(portText), 1...65535 ~= port else {
            throw .configuration("the port of host \(number) is not a number from 1 to 65535")
        }
        return Host(name: String(name), port: port)
    }

    private static func databaseNumber(_ text: Substring) throws(RedisError) -> Int {
        guard text.utf8.allSatisfy(isDigit), let number = Int32(text) else {
            throw .configuration("the database is not a number (a / in the password is written %2F)")
        }
        return Int(number)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"):
            true
        default: isDigit(byte)
        }
    }

    /// Nil where a percent sign is not followed by two hexadecimal digits or the result is not UTF-8.
    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var input = text.utf8.makeIterator()
        while let byte = input.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = input.next().flatMap(hexDigit), let low = input.next().flatMap(hexDigit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
