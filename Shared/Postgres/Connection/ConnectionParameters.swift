import CLibPQ
import NIOCore

/// The configuration's connection string taken apart by libpq and completed with what the driver relies on.
///
/// A string that names several servers becomes several lists of one server each: libpq itself goes on to the next server
/// only after some failures, not where one takes the connection and then refuses it or falls silent in the handshake.
struct ConnectionParameters: Sendable {
    /// In the order of the string; at least one.
    let servers: [ServerParameters]
    let redaction: Redaction

    init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        var settings = try Self.parse(configuration.connectionString)
        if let password = configuration.password { settings["password"] = password }
        let secrets = [settings["password"], settings["sslpassword"], configuration.connectionString]
        redaction = Redaction(secrets: secrets.compactMap(\.self))

        let statementTimeout = max(1, configuration.statementTimeout.nanoseconds / 1_000_000)
        let idleTimeout = max(1, configuration.idleInTransactionTimeout.nanoseconds / 1_000_000)
        settings["options"] =
            [
                settings["options"] ?? "",
                "-c statement_timeout=\(statementTimeout)",
                "-c lock_timeout=\(statementTimeout)",
                "-c idle_in_transaction_session_timeout=\(idleTimeout)",
            ].filter { !$0.isEmpty }.joined(separator: " ")
        // Text is decoded as UTF-8 whatever the database's own encoding.
        settings["client_encoding"] = "UTF8"
        let connectTimeout = max(2, (configuration.connectTimeout.nanoseconds + 999_999_999) / 1_000_000_000)
        let defaults = [
            "fallback_application_name": configuration.applicationName,
            // Counted by libpq for each address, so that a black hole does not keep it from the server's next one.
            "connect_timeout": "\(connectTimeout)",
            // After a failover the old primary must not be taken for the writer.
            "target_session_attrs": "read-write",
            "gssencmode": "disable",
            // Finds an idle connection dead in 45 s; a busy one is watched by its units' deadlines.
            "keepalives_idle": "30",
            "keepalives_interval": "5",
            "keepalives_count": "3",
        ]
        settings.merge(defaults) { given, _ in given }
        try Self.checkTarget(settings)
        servers = try Self.separate(settings).map(ServerParameters.init)
    }

    /// The driver writes, so that a session which can't is no use to it.
    private static func checkTarget(_ settings: [String: String]) throws(PostgresError) {
        switch settings["target_session_attrs"] {
        case "read-write", "primary": return
        case "any" where !severalServers(settings): return
        case "any":
            throw .invalidConfiguration(
                reason: "with several servers target_session_attrs must be read-write or primary, not any")
        default:
            throw .invalidConfiguration(reason: "target_session_attrs must be read-write, primary or any")
        }
    }

    private static func severalServers(_ settings: [String: String]) -> Bool {
        ["host", "hostaddr"].contains { settings[$0]?.contains(",") == true }
    }

    /// Divides lists of hosts, addresses and ports as libpq does: one port may be for all.
    private static func separate(_ settings: [String: String]) throws(PostgresError) -> [[String: String]] {
        guard severalServers(settings) else { return [settings] }
        func list(_ keyword: String) -> [String]? {
            settings[keyword].map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        }
        let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
        let count = addresses?.count ?? hosts?.count ?? 1
        if let hosts, hosts.count != count {
            throw .invalidConfiguration(reason: "there are \(hosts.count) hosts and \(count) values of hostaddr")
        }
        if let ports, ports.count != 1, ports.count != count {
            throw .invalidConfiguration(reason: "there are \(ports.count) ports for \(count) hosts")
        }
        return (0..<count).map { index in
            var server = settings
            server["host"] = hosts?[index]
            server["hostaddr"] = addresses?[index]
            server["port"] = ports.map { $0.count == 1 ? $0[0] : $0[index] }
            return server
        }
    }

    private static func parse(_ connectionString: String) throws(PostgresError) -> [String: String] {
        // libpq's own message quotes the string, password and all: it is not passed on.
        guard let options = PQconninfoParse(connectionString, nil) else {
            throw .invalidConfiguration(
                reason: "the Postgres connection string is neither a URI nor keyword=value pairs")
        }
        defer { PQconninfoFree(options) }
        var settings: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { settings[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return settings
    }
}
