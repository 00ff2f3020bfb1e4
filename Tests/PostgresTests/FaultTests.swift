import GatehouseTesting
import NIOConcurrencyHelpers
import NIOCore
import Postgres
import Testing

@Suite("Faults of the server", .serialized, .timeLimit(.minutes(5)))
struct FaultTests {
    private struct Record {
        var acknowledged: Set<Int> = []
        var refused: Set<Int> = []
        var unknown: Set<Int> = []
        var next = 0
    }

    private enum Load {
        case on, held, off
    }

    /// Inserts one fresh number after another while the load is on, and notes what it was told of each. Ends with the
    /// load, and when cancelled: a test that fails must not wait for it.
    private static func insert(
        _ client: PostgresClient, _ record: NIOLockedValueBox<Record>, _ load: NIOLockedValueBox<Load>
    ) async {
        let insert = PostgresStatement("fault_insert", [.int4], "insert into survivors values ($1)")
        let touch = PostgresStatement("fault_touch", [], "select count(*) from survivors where id < 0")
        while !Task.isCancelled {
            switch load.withLockedValue({ $0 }) {
            case .on: break
            case .held:
                try? await Task.sleep(nanoseconds: 1_000_000)
                continue
            case .off: return
            }
            let number = record.withLockedValue { record in
                record.next += 1
                return record.next
            }
            do {
                switch number % 3 {
                case 0:
                    _ = try await client.query(insert, [.int4(Int32(number))])
                case 1:
                    _ = try await client.pipeline([PostgresStep(touch), PostgresStep(insert, [.int4(Int32(number))])])
                default:
                    try await client.transaction { transaction in
                        _ = try await transaction.query(insert, [.int4(Int32(number))])
                        _ = try await transaction.query(touch)
                    }
                }
                record.withLockedValue { _ = $0.acknowledged.insert(number) }
            } catch PostgresError.cancelled {
                return
            } catch let error as PostgresError {
                #expect(error.isUnavailable, "\(error)")
                record.withLockedValue { record in
                    if error.mayHaveCommitted {
                        _ = record.unknown.insert(number)
                    } else {
                        _ = record.refused.insert(number)
                    }
                }
                // While the link is down refusals come at once: the counting up must not run away.
                try? await Task.sleep(nanoseconds: 10_000_000)
            } catch {
                Issue.record(error)
            }
        }
    }

    @Test(
        "a restart under load loses nothing acknowledged, keeps nothing refused, and needs no new client",
        arguments: [TemporaryPostgres.StopMode.fast, .immediate, .kill])
    func restart(mode: TemporaryPostgres.StopMode) async throws {
        let server = try TemporaryPostgres()
        try server.execute("create table survivors (id int primary key)")
        let record = NIOLockedValueBox(Record())
        let load = NIOLockedValueBox(Load.on)
        try await withClient(to: server) {
            $0.connections = 3
            // The driver's default. Each outage below lasts until callers are refused, which is that long.
            $0.acquireTimeout = .seconds(1)
        } _: { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 { group.addTask { await Self.insert(client, record, load) } }
                for round in 1...2 {
                    let before = record.withLockedValue { $0.acknowledged.count }
                    try await eventually { record.withLockedValue { $0.acknowledged.count } > before + 200 }
                    server.stop(mode)
                    // A session learns that its postmaster was killed when it waits for input: under load it may never.
                    load.withLockedValue { $0 = .held }
                    try await eventually { !client.isReady }
                    load.withLockedValue { $0 = .on }
                    let failures = record.withLockedValue { $0.refused.count + $0.unknown.count }
                    try await eventually {
                        record.withLockedValue { $0.refused.count + $0.unknown.count } > failures + round
                    }
                    try server.start()
                    try await client.whenReady()
                }
                let before = record.withLockedValue { $0.acknowledged.count }
                try await eventually { record.withLockedValue { $0.acknowledged.count } > before + 200 }
                load.withLockedValue { $0 = .off }
                try await group.waitForAll()
            }
        }
        let listed = try server.execute("select id from survivors").split(whereSeparator: \.isNewline)
        let present = Set(listed.compactMap { Int($0) })
        let result = record.withLockedValue { $0 }
        #expect(result.acknowledged.subtracting(present).isEmpty)
        #expect(result.refused.intersection(present).isEmpty)
        #expect(present.subtracting(result.acknowledged).subtracting(result.unknown).isEmpty)
    }

    @Test("units wait out a restart shorter than their patience")
    func patience() async throws {
        let server = try TemporaryPostgres()
        try await withClient(to: server) { client in
            server.stop()
            try await eventually { !client.isReady }
            let waiting = PostgresStatement("patience_wait", [], "select 1")
            // Immediate, so that all are submitted before the server is back.
            let tasks = (0..<20).map { number in
                Task.immediate {
                    guard number.isMultiple(of: 2) else { return try await client.ping() }
                    try await client.transaction { _ = try await $0.query(waiting) }
                }
            }
            try server.start()
            for task in tasks { try await task.value }
        }
    }

    @Test("a server that falls silent costs deadlines, then the link, and comes back by itself")
    func silence() async throws {
        let server = try TemporaryPostgres()
        try await withClient(to: server) {
            $0.acquireTimeout = .milliseconds(200)
            $0.statementTimeout = .milliseconds(300)
        } _: { client in
            try await client.ping()
            server.suspend()
            for _ in 0..<8 {
                let error = await failure { () throws(PostgresError) in
                    try await client.ping(deadline: .now() + .milliseconds(20))
                }
                #expect(error?.isUnavailable == true)
            }
            try await eventually { !client.isReady }
            try await eventually {
                if case .unavailable = await failure(of: { () throws(PostgresError) in try await client.ping() }) {
                    true
                } else {
                    false
                }
            }
            server.resume()
            try await client.whenReady()
            try await eventually { (try? await client.ping()) != nil }
        }
    }

    @Test("a silence shorter than the patience keeps the connections")
    func shortSilence() async throws {
        let server = try TemporaryPostgres()
        try await withClient(to: server) {
            $0.connections = 1
        } _: { client in
            let pid = PostgresStatement("silence_pid", [], "select pg_backend_pid()")
            let before = try await client.query(pid)[0].decode(0, as: Int.self)
            server.suspend()
            let error = await failure { () throws(PostgresError) in
                try await client.ping(deadline: .now() + .milliseconds(20))
            }
            #expect(error?.isDeadlineExceeded == true)
            server.resume()
            #expect(try await client.query(pid)[0].decode(0, as: Int.self) == before)
        }
    }

    @Test("a session ended by the server fails its unit and is replaced; its transaction is gone")
    func terminated() async throws {
        let server = try TemporaryPostgres()
        try server.execute("create table ended (id int)")
        try await withClient(to: server) { client in
            let insert = PostgresStatement("ended_insert", [], "insert into ended values (1)")
            let pid = PostgresStatement("ended_pid", [], "select pg_backend_pid()")
            do {
                try await client.transaction { transaction in
                    _ = try await transaction.query(insert)
                    let own = try await transaction.query(pid)[0].decode(0, as: Int.self)
                    try server.execute("select pg_terminate_backend(\(own))")
                    _ = try await transaction.query(insert)
                }
                Issue.record("committed")
            } catch let error as PostgresError {
                #expect(error.isUnavailable)
                #expect(!error.mayHaveCommitted)
            }
            try await client.whenReady()
            try await client.ping()
            #expect(try server.execute("select count(*) from ended") == "0\n")
        }
    }

    @Test("an answer cut off leaves the outcome open, except inside a transaction", arguments: [false, true])
    func cutOff(isInTransaction: Bool) async throws {
        let server = try TemporaryPostgres()
        try await withClient(to: server) {
            $0.statementTimeout = .seconds(60)
        } _: { client in
            let sleep = PostgresStatement("cut_sleep", [], "select pg_sleep(60)")
            let task = Task {
                guard isInTransaction else {
                    _ = try await client.query(sleep)
                    return
                }
                try await client.transaction { transaction in
                    _ = try await transaction.query(sleep)
                }
            }
            let sleeping = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
            try await eventually { try server.execute(sleeping) == "1\n" }
            server.stop(.immediate)
            do {
                try await task.value
                Issue.record("answered")
            } catch PostgresError.unavailable(_, let mayHaveCommitted) {
                #expect(mayHaveCommitted == !isInTransaction)
            }
        }
    }

    @Test("connections past their lifetime are replaced without failing anybody")
    func lifetime() async throws {
        try await withClient(to: SharedServer.get()) {
            $0.connectionLifetime = .milliseconds(50)
        } _: { client in
            let pid = PostgresStatement("lifetime_pid", [], "select pg_backend_pid()")
            let seen = NIOLockedValueBox<Set<Int>>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        while seen.withLockedValue({ $0.count }) < 8 {
                            let pid = try await client.query(pid)[0].decode(0, as: Int.self)
                            _ = seen.withLockedValue { $0.insert(pid) }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
