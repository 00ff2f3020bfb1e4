import GatehouseTesting
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Postgres

@Suite("Several servers", .serialized, .timeLimit(.minutes(5)))
struct FailoverTests {
    private static let portStatement = PostgresStatement("failover_port", [], "select inet_server_port()")

    private func string(_ servers: [TemporaryPostgres], _ options: String = "") -> String {
        let hosts = servers.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        return "postgresql://postgres@\(hosts)/postgres\(options.isEmpty ? "" : "?\(options)")"
    }

    private func port(_ client: PostgresClient) async throws -> Int? {
        try await client.query(Self.portStatement).first?.decode(0, as: Int.self)
    }

    @Test("the standby is passed over, and found by itself once it is promoted; what was acknowledged is there")
    func promotion() async throws {
        let primary = try TemporaryPostgres()
        let standby = try TemporaryPostgres(standbyOf: primary)
        try primary.execute("alter system set synchronous_standby_names = '*'")
        try primary.execute("select pg_reload_conf()")
        try primary.execute("create table kept (id int)")
        let insert = PostgresStatement("failover_insert", [.int4], "insert into kept values ($1)")
        try await withClient(to: primary) {
            $0.connectionString = string([standby, primary])
            $0.acquireTimeout = .seconds(1)
        } _: { client in
            #expect(try await port(client) == primary.port)
            #expect(client.timeline?.number == 1)
            for number in 0..<20 { _ = try await client.query(insert, [.int4(Int32(number))]) }
            primary.stop(.crash)
            try await eventually { !client.isReady }
            let error = await failure { () async throws(PostgresError) in try await client.ping() }
            #expect(error?.isUnavailable == true)
            try standby.promote()
            try await eventually { (try? await port(client)) == standby.port }
            #expect(client.timeline?.number == 2)
            let count = PostgresStatement("failover_count", [], "select count(*) from kept")
            #expect(try await client.query(count).first?.decode(0, as: Int64.self) == 20)
        }
    }

    @Test("an old primary that comes back is never written to by who has seen the new one")
    func oldPrimary() async throws {
        let old = try TemporaryPostgres()
        let new = try TemporaryPostgres(standbyOf: old)
        let lines = NIOLockedValueBox<[String]>([])
        let configuration = PostgresConfiguration(connectionString: string([old, new]), connections: 3)
        let client = PostgresClient(
            configuration: configuration,
            logger: Logger(label: "test") { _ in LineHandler(lines: lines) })
        let running = Task { try await client.run() }
        try await client.whenReady()
        #expect(try await port(client) == old.port)
        old.stop(.crash)
        try new.promote()
        try await eventually { (try? await port(client)) == new.port }
        // Now both take writes, and the old one is the first of the list.
        try old.start()
        for _ in 0..<10 {
            let sessions = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gatehouse'"
            try new.execute(sessions)
            try await eventually { (try? await client.ping()) != nil }
            #expect(try await port(client) == new.port)
        }
        // And with the new one away, none is better than the old one.
        new.stop(.crash)
        try await eventually { !client.isReady }
        lines.withLockedValue { $0.removeAll() }
        try await eventually { lines.withLockedValue { $0.contains { $0.contains("is an old primary") } } }
        #expect(!client.isReady)
        running.cancel()
        try await running.value
    }

    @Test("a server that has turned read-only loses all its connections at once; the writer is found")
    func turnedReadOnly() async throws {
        let first = try TemporaryPostgres()
        let second = try TemporaryPostgres()
        for server in [first, second] { try server.execute("create table written (id int)") }
        try await withClient(to: first) {
            $0.connectionString = string([first, second])
            $0.connections = 3
        } _: { client in
            try await eventually { try first.execute(Self.sessions) == "3\n" }
            #expect(try await port(client) == first.port)
            try first.execute("alter system set default_transaction_read_only = on")
            try first.execute("select pg_reload_conf()")
            // The sessions hear of it in their own time.
            let insert = PostgresStatement("failover_write", [], "insert into written values (1)")
            try await eventually {
                let error = await failure { () async throws(PostgresError) in try await client.query(insert) }
                if let error {
                    #expect(error.isUnavailable)
                    #expect(error.serverError?.kind == .readOnlyTransaction)
                }
                return error != nil
            }
            // One refusal was enough for all three.
            try await eventually { try first.execute(Self.sessions) == "0\n" }
            for _ in 0..<30 {
                _ = try await client.query(insert)
                #expect(try await port(client) == second.port)
            }
            #expect(try second.execute("select count(*) from written") == "30\n")
        }
    }

    private static let sessions =
        "select count(*) from pg_stat_activity where application_name = 'gatehouse' and backend_type = 'client backend'"

    @Test("a server that takes connections and says nothing does not keep from the others")
    func blackHole() async throws {
        let hole = try TemporaryPostgres()
        let alive = try TemporaryPostgres()
        hole.suspend()
        defer { hole.resume() }
        // No bound of libpq's: only the next server's turn helps.
        try await withClient(to: alive, waitsUntilReady: false) {
            $0.connectionString = string([hole, alive], "connect_timeout=0")
        } _: { client in
            try await client.whenReady()
            #expect(try await port(client) == alive.port)
        }
    }

    @Test("a silent server by itself is given up after the time allowed for it")
    func silent() async throws {
        let hole = try TemporaryPostgres()
        hole.suspend()
        let lines = NIOLockedValueBox<[String]>([])
        let client = PostgresClient(
            configuration: PostgresConfiguration(connectionString: hole.connectionString(), connections: 1),
            logger: Logger(label: "test") { _ in LineHandler(lines: lines) })
        let running = Task { try await client.run() }
        try await eventually { lines.withLockedValue { $0.contains { $0.contains("timeout expired") } } }
        hole.resume()
        try await client.whenReady()
        running.cancel()
        try await running.value
    }

    @Test("a server that refuses the login does not end the search")
    func refusal() async throws {
        let closed = try TemporaryPostgres()
        try closed.execute("alter role postgres nologin")
        let open = try TemporaryPostgres()
        try await withClient(to: open) {
            $0.connectionString = string([closed, open])
        } _: { client in
            let reached = try await port(client)
            #expect(reached == open.port)
        }
    }

    @Test(
        "a string that can't lead to a writer, or whose lists do not fit, is refused with the reason",
        arguments: [
            ("host=a,b target_session_attrs=any", "with several servers target_session_attrs"),
            ("host=a target_session_attrs=standby", "target_session_attrs must be"),
            ("host=a,b target_session_attrs=prefer-standby", "target_session_attrs must be"),
            ("host=a,b,c port=1,2", "2 ports for 3 hosts"),
            ("host=a,b hostaddr=::1", "2 hosts and 1 values of hostaddr"),
        ])
    func refused(string: String, reason: String) async {
        let error = await failure { () throws(PostgresError) in
            try PostgresConfiguration(connectionString: string).validate()
        }
        guard case .invalidConfiguration(let given) = error else {
            Issue.record("taken")
            return
        }
        #expect(given.contains(reason))
    }

    @Test(
        "lists of hosts, addresses and ports are divided as libpq does",
        arguments: [
            ("postgresql://u@a:1,b:2/d", ["a  1", "b  2"]),
            ("postgresql://u@a,[::1]:2/d", ["a  ", "::1  2"]),
            ("host=a,b port=7", ["a  7", "b  7"]),
            ("host=a,b hostaddr=10.0.0.1,10.0.0.2 port=7,8", ["a 10.0.0.1 7", "b 10.0.0.2 8"]),
            ("hostaddr=10.0.0.1,10.0.0.2", [" 10.0.0.1 ", " 10.0.0.2 "]),
            ("host=/run/postgresql", ["/run/postgresql  "]),
        ])
    func division(string: String, expected: [String]) throws {
        let parameters = try ConnectionParameters(PostgresConfiguration(connectionString: string))
        let servers = parameters.servers.map { server in
            let settings = Dictionary(uniqueKeysWithValues: zip(server.keywords, server.values))
            return ["host", "hostaddr", "port"].map { settings[$0] ?? "" }.joined(separator: " ")
        }
        #expect(servers == expected)
    }
}

private struct LineHandler: LogHandler {
    let lines: NIOLockedValueBox<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.withLockedValue { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}
