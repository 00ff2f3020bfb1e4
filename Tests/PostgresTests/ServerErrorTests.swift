import GatehouseTesting
import NIOCore
import Postgres
import Testing

@Suite("Server errors", .timeLimit(.minutes(5)))
struct ServerErrorTests {
    private static let schema = """
        create table parent (id int primary key);
        create table child (
            id int primary key, parent int references parent deferrable initially immediate,
            name text not null, age int constraint grown check (age >= 18));
        insert into parent values (1);
        insert into child values (1, 1, 'a', 20)
        """

    @Test("each SQLSTATE is told apart, with constraint, table and column")
    func mapping() async throws {
        let server = try SharedServer.get()
        try server.execute(
            "create schema mapping; set search_path to mapping; \(Self.schema); create role nobody login")
        let cases: [(String, PostgresServerError.Kind, String?, String?)] = [
            ("insert into child values (1, 1, 'b', 20)", .uniqueViolation, "child_pkey", nil),
            ("insert into child values (2, 9, 'b', 20)", .foreignKeyViolation, "child_parent_fkey", nil),
            ("insert into child values (2, 1, null, 20)", .notNullViolation, nil, "name"),
            ("insert into child values (2, 1, 'b', 3)", .checkViolation, "grown", nil),
            ("select 1 / (id - 1) from child", .invalidValue, nil, nil),
            ("select * from absent", .undefinedTable, nil, nil),
            ("select absent from child", .undefinedColumn, nil, nil),
            ("select absent(1)", .undefinedFunction, nil, nil),
            ("selec", .syntaxError, nil, nil),
        ]
        try await withClient(to: server) {
            $0.connectionString = server.connectionString(options: "options=-csearch_path%3Dmapping")
        } _: { client in
            for (number, (sql, kind, constraint, column)) in cases.enumerated() {
                let error = await failure { () throws(PostgresError) in
                    try await client.query(PostgresStatement("mapping\(number)", [], sql))
                }
                let reported = try #require(error?.serverError, "\(sql)")
                #expect(reported.kind == kind, "\(sql)")
                #expect(reported.constraint == constraint, "\(sql)")
                #expect(reported.column == column, "\(sql)")
                if constraint != nil || column != nil { #expect(reported.table == "child") }
                #expect(error?.isUnavailable == false && error?.mayHaveCommitted == false)
            }
        }
        try await withClient(to: server) {
            $0.connectionString = server.connectionString(user: "nobody")
        } _: { client in
            let statement = PostgresStatement("denied", [], "select * from mapping.child")
            let error = await failure { () throws(PostgresError) in try await client.query(statement) }
            #expect(error?.serverError?.kind == .insufficientPrivilege)
        }
    }

    @Test("the server cancels a statement after the statement timeout")
    func statementTimeout() async throws {
        try await withClient(to: SharedServer.get()) {
            $0.statementTimeout = .milliseconds(50)
        } _: { client in
            let sleep = PostgresStatement("sleep", [.float8], "select pg_sleep($1)")
            let error = await failure { () throws(PostgresError) in try await client.query(sleep, [.float8(60)]) }
            #expect(error?.serverError?.kind == .queryCanceled)
            #expect(error?.isUnavailable == true)
        }
    }

    @Test("a constraint that fails at commit is the unit's error, and the next unit's no more")
    func deferredConstraint() async throws {
        let server = try SharedServer.get()
        try server.execute("create schema late; set search_path to late; \(Self.schema)")
        try await withClient(to: server) {
            $0.connections = 1
        } _: { client in
            let steps = [
                PostgresStep(PostgresStatement("late_defer", [], "set constraints all deferred")),
                PostgresStep(
                    PostgresStatement("late_insert", [.int4], "insert into late.child values (7, $1, 'z', 30)"),
                    [.int4(9)]),
            ]
            let error = await failure { () throws(PostgresError) in try await client.pipeline(steps) }
            #expect(error?.serverError?.kind == .foreignKeyViolation)
            let count = PostgresStatement("late_count", [], "select count(*) from late.child")
            let counted = try await client.query(count)[0].decode(0, as: Int.self)
            #expect(counted == 1)
        }
    }

    @Test("a read-only server costs the connection, which is made anew")
    func readOnly() async throws {
        let server = try SharedServer.get()
        try server.execute(
            "create role reader login superuser; alter role reader set default_transaction_read_only = on")
        try await withClient(to: server) {
            $0.connectionString = server.connectionString(user: "reader", options: "target_session_attrs=any")
            $0.connections = 1
        } _: { client in
            let pid = PostgresStatement("pid", [], "select pg_backend_pid()")
            let before = try await client.query(pid)[0].decode(0, as: Int.self)
            let create = PostgresStatement("create", [], "create table read_only_test ()")
            let error = await failure { () throws(PostgresError) in try await client.query(create) }
            #expect(error?.serverError?.kind == .readOnlyTransaction)
            #expect(error?.isUnavailable == true)
            try await eventually {
                let now = try? await client.query(pid)[0].decode(0, as: Int.self)
                return now != nil && now != before
            }
        }
    }

    @Test("without target_session_attrs a server that takes no writes is not connected to")
    func writersOnly() async throws {
        let server = try SharedServer.get()
        try server.execute("create role bound login; alter role bound set default_transaction_read_only = on")
        try await withClient(to: server, waitsUntilReady: false) {
            $0.connectionString = server.connectionString(user: "bound")
            $0.acquireTimeout = .milliseconds(200)
        } _: { client in
            let error = await failure { () throws(PostgresError) in try await client.ping() }
            guard case .unavailable(_, mayHaveCommitted: false) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("a connection string that does not parse is refused without showing it")
    func badConnectionString() async throws {
        let configuration = PostgresConfiguration(
            connectionString: "postgresql://u:hunter2@[::1/x y", password: "sesame")
        let error = await failure { () throws(PostgresError) in try configuration.validate() }
        guard case .invalidConfiguration(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!reason.contains("hunter2"))
        #expect(!"\(configuration)".contains("hunter2") && !"\(configuration)".contains("sesame"))
        var dumped = ""
        dump([configuration], to: &dumped)
        #expect(!dumped.contains("hunter2") && !dumped.contains("sesame"))
        let client = PostgresClient(configuration: configuration, logger: .silent)
        await #expect(throws: PostgresError.invalidConfiguration(reason: reason)) { try await client.run() }
        #expect(
            await failure { () throws(PostgresError) in try await client.ping() }
                == .invalidConfiguration(reason: reason))
    }
}
