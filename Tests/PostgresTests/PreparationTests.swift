import FoundationEssentials
import GatehouseTesting
import NIOCore
import Postgres
import Testing

@Suite("Prepared statements", .timeLimit(.minutes(5)))
struct PreparationTests {
    private static let echo = PostgresStatement("preparation_echo", [.int4], "select $1")

    @Test("statements the server has forgotten are prepared anew", arguments: ["discard all", "deallocate all"])
    func forgotten(command: String) async throws {
        try await withClient(to: SharedServer.get()) {
            $0.connections = 2
        } _: { client in
            let forget = PostgresStatement("forget", [], command)
            for _ in 0..<5 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<200 {
                        group.addTask {
                            if number == 100 {
                                _ = try await client.query(forget)
                            } else {
                                let rows = try await client.query(
                                    Self.echo, [.int4(Int32(number))], scope: .tenant(UUID()))
                                #expect(try rows[0].decode(0, as: Int.self) == number)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test("a statement whose result changed with the schema is prepared anew")
    func changed() async throws {
        let server = try SharedServer.get()
        try server.execute("create table widened (a int); insert into widened values (1)")
        try await withClient(to: server) { client in
            let all = PostgresStatement("widened_all", [], "select * from widened")
            for _ in 0..<4 { #expect(try await client.query(all)[0].columnCount == 1) }
            try server.execute("alter table widened add b int default 2")
            for _ in 0..<4 { #expect(try await client.query(all)[0].columnCount == 2) }
            try server.execute("alter table widened add c int default 3")
            let columns = try await client.transaction { transaction in
                _ = try await transaction.query(Self.echo, [.int4(1)])
                return try await transaction.query(all)[0].columnCount
            }
            #expect(columns == 3)
        }
    }

    @Test("a statement that could not be prepared is tried again the next time")
    func failedOnce() async throws {
        let server = try SharedServer.get()
        try await withClient(to: server) {
            $0.connections = 1
        } _: { client in
            let statement = PostgresStatement("early", [], "select * from comes_later")
            for _ in 0..<3 {
                let error = await failure { () throws(PostgresError) in try await client.query(statement) }
                #expect(error?.serverError?.kind == .undefinedTable)
            }
            try server.execute("create table comes_later ()")
            _ = try await client.query(statement)
        }
    }

    @Test("a statement is prepared once a connection, however often it runs")
    func once() async throws {
        try await withClient(to: SharedServer.get()) {
            $0.connections = 1
        } _: { client in
            for number in 0..<20 { _ = try await client.query(Self.echo, [.int4(Int32(number))]) }
            let count = PostgresStatement(
                "preparation_count", [],
                "select count(*), min(generic_plans + custom_plans) from pg_prepared_statements where name = 'preparation_echo'"
            )
            let row = try await client.query(count)[0]
            #expect(try row.decode(0, as: Int.self) == 1)
            #expect(try row.decode(1, as: Int.self) == 20)
        }
    }
}
