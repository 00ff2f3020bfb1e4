import CLibPQ
import NIOCore

/// The configuration's connection string taken apart by libpq and completed with what the driver relies on.
struct ConnectionParameters: Sendable {
    let keywords: [String]
    let values: [String]
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
            // Counted by libpq for each address, so that a black hole does not keep it from the next one.
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
        let sorted = settings.sorted { $0.key < $1.key }
        keywords = sorted.map(\.key)
        values = sorted.map(\.value)
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

    /// Calls `body` with both lists as C strings, each ended by a null pointer.
    func withCStrings<R>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> R
    ) -> R? {
        // One buffer for all strings; the pointers into it live as long as the closure runs.
        var bytes: [CChar] = []
        var offsets: [Int] = []
        for string in keywords + values {
            offsets.append(bytes.count)
            bytes.append(contentsOf: string.utf8CString)
        }
        return bytes.withUnsafeBufferPointer { buffer -> R? in
            guard let base = buffer.baseAddress else { return nil }
            let pointers = offsets.map { Optional(base + $0) }
            let keywordPointers = pointers.prefix(keywords.count) + [nil]
            let valuePointers = pointers.suffix(values.count) + [nil]
            return Array(keywordPointers).withUnsafeBufferPointer { keywordBuffer -> R? in
                Array(valuePointers).withUnsafeBufferPointer { valueBuffer -> R? in
                    guard let keywordBase = keywordBuffer.baseAddress, let valueBase = valueBuffer.baseAddress else {
                        return nil
                    }
                    return body(keywordBase, valueBase)
                }
            }
        }
    }
}
