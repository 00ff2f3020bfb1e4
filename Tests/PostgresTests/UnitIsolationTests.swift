import GatehouseTesting
import NIOCore
import Postgres
import Testing

@Suite("Units side by side", .timeLimit(.minutes(5)))
struct UnitIsolationTests {
    @Test("a unit that fails leaves its neighbours in the pipeline alone", arguments: [1, 3])
    func neighbours(connections: Int) async throws {
        let server = try SharedServer.get()
        try server.execute("create table neighbours\(connections) (id int primary key)")
        let insert = PostgresStatement("neighbour_insert", [.int4], "insert into neighbours\(connections) values ($1)")
        let divide = PostgresStatement("neighbour_divide", [.int4], "select 100 / $1")
        let broken = PostgresStatement("neighbour_broken", [], "select * from no_such_table")
        try await withClient(to: server) {
            $0.connections = connections
        } _: { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<600 {
                    group.addTask {
                        switch number % 6 {
                        case 0:
                            let error = await failure { () throws(PostgresError) in
                                try await client.query(divide, [.int4(0)])
                            }
                            #expect(error?.serverError?.sqlState == "22012")
                        case 1:
                            #expect(try await client.query(divide, [.int4(3)])[0].decode(0, as: Int.self) == 33)
                        case 2:
                            let error = await failure { () throws(PostgresError) in try await client.query(broken) }
                            #expect(error?.serverError?.kind == .undefinedTable)
                        case 3:
                            // The second step fails, which takes the first one back.
                            let steps = [
                                PostgresStep(insert, [.int4(Int32(number))]), PostgresStep(divide, [.int4(0)]),
                                PostgresStep(divide, [.int4(1)]),
                            ]
                            let error = await failure { () throws(PostgresError) in try await client.pipeline(steps) }
                            #expect(error?.serverError?.sqlState == "22012")
                        case 4:
                            let steps = [
                                PostgresStep(insert, [.int4(Int32(number))]), PostgresStep(divide, [.int4(5)]),
                            ]
                            #expect(try await client.pipeline(steps)[1][0].decode(0, as: Int.self) == 20)
                        default:
                            _ = try await client.query(insert, [.int4(Int32(number))])
                        }
                    }
                }
                try await group.waitForAll()
            }
            let all = PostgresStatement("neighbour_all", [], "select id from neighbours\(connections) order by id")
            let present = try await client.query(all).map { try $0.decode(0, as: Int.self) }
            #expect(present == (0..<600).filter { $0 % 6 >= 4 })
        }
    }

    @Test("twenty thousand queries from many tasks each get their own answer")
    func many() async throws {
        try await withClient(to: SharedServer.get()) { client in
            let echo = PostgresStatement("many_echo", [.int4, .text], "select $1, $2")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<200 {
                    group.addTask {
                        for number in 0..<100 {
                            let value = Int32(task * 100 + number)
                            let rows = try await client.query(echo, [.int4(value), .text("t\(task)")])
                            try #require(try rows[0].decode(0, as: Int32.self) == value)
                            try #require(try rows[0].decode(1, as: String.self) == "t\(task)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("large values in both directions at once do not lock the pipeline up", arguments: ["tcp", "socket", "tls"])
    func large(transport: String) async throws {
        let server = try TemporaryPostgres(tls: transport == "tls")
        try await withClient(to: server) {
            switch transport {
            case "socket": $0.connectionString = server.socketConnectionString()
            case "tls": $0.connectionString = server.connectionString(options: "sslmode=require")
            default: break
            }
            $0.statementTimeout = .seconds(60)
        } _: { client in
            let echo = PostgresStatement("large_echo", [.bytea], "select $1, $1")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<24 {
                    group.addTask {
                        for size in [1_000_000, 1, 16_384, 16_385, 40_000, 8_191] {
                            let value = [UInt8](repeating: UInt8(task), count: size)
                            let row = try await client.query(echo, [.bytea(value)])[0]
                            try #require(try row.decode(1, as: [UInt8].self) == value)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("callers on event loops are resumed on their own loop")
    func loops() async throws {
        try await withClient(to: SharedServer.get()) { client in
            try await withLoops(3) { executors in
                let echo = PostgresStatement("loop_echo", [.int4], "select $1")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<300 {
                        let executor = executors[number % executors.count]
                        group.addTask(executorPreference: executor) {
                            let value = try await client.query(echo, [.int4(Int32(number))])[0].decode(0, as: Int.self)
                            #expect(value == number)
                            #expect(executor.loop.inEventLoop)
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test("a unit that leaves a transaction open is an error and does not swallow the units behind it")
    func openTransaction() async throws {
        let server = try SharedServer.get()
        try server.execute("create table left_open (id int primary key)")
        try await withClient(to: server) {
            $0.connections = 1
        } _: { client in
            let insert = PostgresStatement("open_insert", [.int4], "insert into left_open values ($1)")
            let steps = [PostgresStep(PostgresStatement("open_begin", [], "begin")), PostgresStep(insert, [.int4(1)])]
            let error = await failure { () throws(PostgresError) in try await client.pipeline(steps) }
            #expect(error?.serverError?.sqlState == "25001")
            try await client.whenReady()
            try await eventually { (try? await client.query(insert, [.int4(2)])) != nil }
            #expect(try server.execute("select id from left_open") == "2\n")
        }
    }

    @Test("one name for two statements is an error")
    func ambiguous() async throws {
        try await withClient(to: SharedServer.get()) {
            $0.connections = 1
        } _: { client in
            _ = try await client.query(PostgresStatement("twice", [], "select 1"))
            let error = await failure { () throws(PostgresError) in
                try await client.query(PostgresStatement("twice", [], "select 2"))
            }
            #expect(error == .ambiguousStatement(name: "twice"))
        }
    }
}
