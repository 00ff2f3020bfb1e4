import GatehouseTesting
import NIOConcurrencyHelpers
import NIOCore
import Postgres
import Testing

@Suite("Transactions", .timeLimit(.minutes(5)))
struct TransactionTests {
    private struct Refusal: Error {}

    private static func table(_ name: String) throws -> TemporaryPostgres {
        let server = try SharedServer.get()
        try server.execute(
            "create table \(name) (id int primary key, amount int); insert into \(name) values (1, 0), (2, 0)")
        return server
    }

    @Test("a body that returns commits, and its statements see each other's effects")
    func commits() async throws {
        let server = try Self.table("tx_commit")
        try await withClient(to: server) { client in
            let insert = PostgresStatement("commit_insert", [.int4], "insert into tx_commit values ($1, 0)")
            let count = PostgresStatement("commit_count", [], "select count(*) from tx_commit")
            let seen = try await client.transaction { transaction in
                _ = try await transaction.query(insert, [.int4(3)])
                _ = try await transaction.pipeline([PostgresStep(insert, [.int4(4)]), PostgresStep(insert, [.int4(5)])])
                return try await transaction.query(count)[0].decode(0, as: Int.self)
            }
            #expect(seen == 5)
        }
        #expect(try server.execute("select count(*) from tx_commit") == "5\n")
    }

    @Test("a body that throws rolls back, and its own error comes out")
    func rollsBack() async throws {
        let server = try Self.table("tx_rollback")
        try await withClient(to: server) { client in
            let insert = PostgresStatement("rollback_insert", [.int4], "insert into tx_rollback values ($1, 0)")
            await #expect(throws: Refusal.self) {
                try await client.transaction { transaction in
                    _ = try await transaction.query(insert, [.int4(3)])
                    throw Refusal()
                }
            }
            // The connection is in order again, the key free.
            _ = try await client.query(insert, [.int4(3)])
        }
        #expect(try server.execute("select count(*) from tx_rollback") == "3\n")
    }

    @Test("a failed statement fails the transaction even if the body makes light of it")
    func swallowed() async throws {
        let server = try Self.table("tx_swallowed")
        try await withClient(to: server) { client in
            let insert = PostgresStatement("swallowed_insert", [.int4], "insert into tx_swallowed values ($1, 0)")
            do {
                try await client.transaction { transaction in
                    _ = try await transaction.query(insert, [.int4(3)])
                    _ = try? await transaction.query(insert, [.int4(1)])
                    _ = try? await transaction.query(insert, [.int4(4)])
                }
                Issue.record("committed")
            } catch let error as PostgresError {
                #expect(error.serverError?.kind == .uniqueViolation)
            }
        }
        #expect(try server.execute("select count(*) from tx_swallowed") == "2\n")
    }

    @Test("a serialization failure runs the whole body again")
    func serialization() async throws {
        let server = try Self.table("tx_serial")
        try await withClient(to: server) { client in
            let read = PostgresStatement("serial_read", [], "select amount from tx_serial where id = 1")
            let write = PostgresStatement("serial_write", [.int4], "update tx_serial set amount = $1 where id = 1")
            let attempts = NIOLockedValueBox(0)
            try await client.transaction(isolation: .repeatableRead) { transaction in
                let amount = try await transaction.query(read)[0].decode(0, as: Int32.self)
                let attempt = attempts.withLockedValue { count in
                    count += 1
                    return count
                }
                // Somebody else gets in between, the first two times.
                if attempt < 3 { _ = try await client.query(write, [.int4(amount + 10)]) }
                _ = try await transaction.query(write, [.int4(amount + 1)])
            }
            #expect(attempts.withLockedValue { $0 } == 3)
            #expect(try await client.query(read)[0].decode(0, as: Int.self) == 21)
        }
    }

    @Test("a body that always collides gives up after a bounded number of attempts")
    func bounded() async throws {
        let server = try Self.table("tx_bounded")
        try await withClient(to: server) { client in
            let write = PostgresStatement("bounded_write", [], "update tx_bounded set amount = amount + 1 where id = 1")
            let read = PostgresStatement("bounded_read", [], "select amount from tx_bounded where id = 1")
            let attempts = NIOLockedValueBox(0)
            do {
                try await client.transaction(isolation: .serializable) { transaction in
                    attempts.withLockedValue { $0 += 1 }
                    _ = try await transaction.query(read)
                    _ = try await client.query(write)
                    _ = try await transaction.query(write)
                }
                Issue.record("committed")
            } catch let error as PostgresError {
                #expect(error.serverError?.kind == .serializationFailure)
                #expect(error.isUnavailable)
            }
            #expect(attempts.withLockedValue { $0 } == 5)
        }
    }

    @Test("of two transactions in a deadlock both end up committed, once each")
    func deadlock() async throws {
        let server = try Self.table("tx_deadlock")
        try await withClient(to: server) {
            $0.connections = 3
        } _: { client in
            let add = PostgresStatement(
                "deadlock_add", [.int4], "update tx_deadlock set amount = amount + 1 where id = $1")
            let holding = NIOLockedValueBox(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for order in [[1, 2], [2, 1]] {
                    group.addTask {
                        try await client.transaction { transaction in
                            _ = try await transaction.query(add, [.int4(Int32(order[0]))])
                            holding.withLockedValue { $0 += 1 }
                            try await eventually { holding.withLockedValue { $0 } >= 2 }
                            _ = try await transaction.query(add, [.int4(Int32(order[1]))])
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(holding.withLockedValue { $0 } == 3)
        }
        #expect(try server.execute("select amount from tx_deadlock order by id") == "2\n2\n")
    }

    @Test("nobody else's statement gets into a transaction", arguments: [1, 2])
    func exclusive(connections: Int) async throws {
        try await withClient(to: SharedServer.get()) {
            $0.connections = connections
        } _: { client in
            let pid = PostgresStatement("exclusive_pid", [], "select pg_backend_pid(), txid_current()")
            try await client.transaction { transaction in
                let own = try await transaction.query(pid)[0]
                let others = (0..<20).map { _ in Task { try await client.query(pid)[0] } }
                // With one connection they have to wait until it is free.
                if connections > 1 {
                    for other in others {
                        #expect(try await other.value.decode(0, as: Int32.self) != own.decode(0, as: Int32.self))
                    }
                }
                let again = try await transaction.query(pid)[0]
                #expect(try again.decode(1, as: Int64.self) == own.decode(1, as: Int64.self))
            }
            #expect(try await client.query(pid).count == 1)
        }
    }

    @Test("transactions beyond the connections set aside for them wait their turn")
    func queueing() async throws {
        let server = try Self.table("tx_queue")
        try await withClient(to: server) {
            $0.connections = 3
        } _: { client in
            let add = PostgresStatement("queue_add", [], "update tx_queue set amount = amount + 1 where id = 1")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<24 {
                    group.addTask {
                        try await client.transaction { transaction in
                            _ = try await transaction.query(add)
                            _ = try await transaction.query(add)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(try server.execute("select amount from tx_queue where id = 1") == "48\n")
    }

    @Test("cancelling the task rolls back and gives the connection free")
    func cancelled() async throws {
        let server = try Self.table("tx_cancelled")
        try await withClient(to: server) {
            $0.connections = 1
        } _: { client in
            let add = PostgresStatement("cancelled_add", [], "update tx_cancelled set amount = amount + 1 where id = 1")
            let isOpen = NIOLockedValueBox(false)
            let task = Task {
                try await client.transaction { transaction in
                    _ = try await transaction.query(add)
                    isOpen.withLockedValue { $0 = true }
                    try await Task.sleep(nanoseconds: 60_000_000_000)
                }
            }
            try await eventually { isOpen.withLockedValue { $0 } }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            _ = try await client.query(add)
        }
        #expect(try server.execute("select amount from tx_cancelled where id = 1") == "1\n")
    }
}
