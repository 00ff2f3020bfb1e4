import GatehouseTesting
import NIOConcurrencyHelpers
import NIOCore
import Postgres
import ServiceLifecycle
import Testing

@Suite("Deadlines, bounds, cancellation, shutdown", .timeLimit(.minutes(5)))
struct DeadlineTests {
    /// Holds an advisory lock from a session of its own while the body runs; the body may release it earlier.
    private func withGate(
        _ number: Int64, _ body: (_ release: @Sendable () async throws -> Void) async throws -> Void
    ) async throws {
        try await withClient(to: SharedServer.get()) {
            $0.connections = 1
            $0.statementTimeout = .seconds(120)
        } _: { holder in
            _ = try await holder.query(Gate.close, [.int8(number)])
            try await body { _ = try await holder.query(Gate.open, [.int8(number)]) }
        }
    }

    private func waiting(at number: Int64) throws -> Int {
        let sql = "select count(*) from pg_locks where locktype = 'advisory' and objid = \(number) and not granted"
        return Int(try SharedServer.get().execute(sql).dropLast()) ?? -1
    }

    @Test("a unit whose deadline passes in the queue is never sent")
    func inQueue() async throws {
        let server = try SharedServer.get()
        try server.execute("create table never_sent (id int)")
        try await withGate(101) { release in
            try await withClient(to: server) {
                $0.connections = 1
                $0.window = 1
                $0.statementTimeout = .seconds(120)
            } _: { client in
                let occupant = Task { try await client.query(Gate.pass, [.int8(101)]) }
                try await eventually { try waiting(at: 101) == 1 }
                let insert = PostgresStatement("never_insert", [], "insert into never_sent values (1)")
                let error = await failure { () throws(PostgresError) in
                    try await client.query(insert, deadline: .now() + .milliseconds(20))
                }
                #expect(error == .deadlineExceeded(mayHaveCommitted: false))
                try await release()
                _ = try await occupant.value
                #expect(try server.execute("select count(*) from never_sent") == "0\n")
            }
        }
    }

    @Test("a unit whose deadline passes under way is given up, and its late answer reaches nobody")
    func underWay() async throws {
        try await withGate(102) { release in
            try await withClient(to: SharedServer.get()) {
                $0.connections = 1
                $0.statementTimeout = .seconds(120)
            } _: { client in
                // Time enough to be sent on any machine; the gate stays shut for longer.
                let error = await failure { () throws(PostgresError) in
                    try await client.query(Gate.pass, [.int8(102)], deadline: .now() + .seconds(3))
                }
                #expect(error == .deadlineExceeded(mayHaveCommitted: true))
                try await release()
                let echo = PostgresStatement("late_echo", [.int4], "select $1")
                for number in 0..<20 {
                    #expect(try await client.query(echo, [.int4(Int32(number))])[0].decode(0, as: Int.self) == number)
                }
            }
        }
    }

    @Test("a unit that is late already is refused")
    func alreadyLate() async throws {
        try await withClient(to: SharedServer.get()) { client in
            let error = await failure { () throws(PostgresError) in
                try await client.ping(deadline: .now() - .seconds(1))
            }
            #expect(error == .deadlineExceeded(mayHaveCommitted: false))
        }
    }

    @Test("a full queue refuses further units and serves those it took")
    func overload() async throws {
        try await withGate(103) { release in
            try await withClient(to: SharedServer.get()) {
                $0.connections = 1
                $0.window = 1
                $0.statementTimeout = .seconds(120)
                $0.maxQueued = 4
                $0.acquireTimeout = .seconds(30)
            } _: { client in
                let occupant = Task { try await client.query(Gate.pass, [.int8(103)]) }
                try await eventually { try waiting(at: 103) == 1 }
                let refused = NIOLockedValueBox(0)
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            let error = await failure { () throws(PostgresError) in try await client.ping() }
                            if error == .overloaded { refused.withLockedValue { $0 += 1 } }
                            return error == nil
                        }
                    }
                    try await eventually { refused.withLockedValue { $0 } == 16 }
                    try await release()
                    var served = 0
                    for try await isServed in group where isServed { served += 1 }
                    #expect(served == 4)
                }
                _ = try await occupant.value
            }
        }
    }

    @Test("cancelling a task gives its caller back at once, waiting or under way")
    func cancellation() async throws {
        try await withGate(104) { release in
            try await withClient(to: SharedServer.get()) {
                $0.connections = 1
                $0.window = 1
                $0.statementTimeout = .seconds(120)
            } _: { client in
                let underWay = Task {
                    await failure { () throws(PostgresError) in try await client.query(Gate.pass, [.int8(104)]) }
                }
                try await eventually { try waiting(at: 104) == 1 }
                let queued = Task { await failure { () throws(PostgresError) in try await client.ping() } }
                underWay.cancel()
                queued.cancel()
                #expect(await underWay.value?.isCancelled == true)
                #expect(await queued.value?.isCancelled == true)
                try await release()
                try await client.ping()
            }
        }
    }

    @Test("graceful shutdown finishes what was accepted, refuses what comes after, and ends")
    func shutdown() async throws {
        try await withGate(105) { release in
            let server = try SharedServer.get()
            let client = PostgresClient(
                configuration: PostgresConfiguration(
                    connectionString: server.connectionString(), connections: 1, statementTimeout: .seconds(120),
                    window: 1, shutdownTimeout: .seconds(30)),
                logger: .silent)
            let group = ServiceGroup(services: [client], logger: .silent)
            let running = Task { try await group.run() }
            try await client.whenReady()
            let underWay = Task { try await client.query(Gate.pass, [.int8(105)]) }
            try await eventually { try waiting(at: 105) == 1 }
            let queued = (0..<5).map { _ in Task { try await client.ping() } }
            // Only accepted units are finished: give them a moment to be.
            for _ in 0..<100 { await Task.yield() }
            try await Task.sleep(nanoseconds: 50_000_000)
            await group.triggerGracefulShutdown()
            try await eventually {
                // One that slips in is accepted, and then waits.
                let deadline = NIODeadline.now() + .milliseconds(10)
                return await failure { () throws(PostgresError) in try await client.ping(deadline: deadline) }
                    == .closed
            }
            try await release()
            _ = try await underWay.value
            for task in queued { try await task.value }
            try await running.value
            #expect(!client.isReady)
            #expect(await failure { () throws(PostgresError) in try await client.whenReady() } == .closed)
            await #expect(throws: PostgresError.closed) { try await client.run() }
        }
    }

    @Test("without a server units fail soon and then at once, readiness can be waited for and cancelled, shutdown ends")
    func absent() async throws {
        let server = try TemporaryPostgres()
        server.stop()
        try await withClient(to: server, waitsUntilReady: false) {
            $0.acquireTimeout = .milliseconds(100)
        } _: { client in
            for _ in 0..<3 {
                let error = await failure { () throws(PostgresError) in try await client.ping() }
                guard case .unavailable(_, mayHaveCommitted: false) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            #expect(!client.isReady)
            let waiter = Task { await failure { () throws(PostgresError) in try await client.whenReady() } }
            waiter.cancel()
            #expect(await waiter.value?.isCancelled == true)
            try server.start()
            try await client.whenReady()
            try await client.ping()
        }
    }

    @Test("a client that never ran refuses in time instead of hanging")
    func neverRun() async throws {
        let configuration = PostgresConfiguration(
            connectionString: try SharedServer.get().connectionString(), acquireTimeout: .milliseconds(50))
        let client = PostgresClient(configuration: configuration, logger: .silent)
        let error = await failure { () throws(PostgresError) in try await client.ping() }
        #expect(error?.isUnavailable == true)
    }
}
