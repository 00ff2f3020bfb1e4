import FoundationEssentials
import GatehouseTesting
import NIOCore
import Postgres
import Testing

@Suite("Statements that go together", .timeLimit(.minutes(5)))
struct GatheredTests {
    /// A table of numbers by key, and a statement that adds to one of them.
    private struct Numbers {
        let table: String
        let add: PostgresGatheredStatement

        /// - Parameter skipsLocked: Whether those that go together leave out rows that somebody else has locked.
        init(_ name: String, of count: Int, skipsLocked: Bool = true) throws {
            table = "numbers_\(name)"
            let answer = "g.n, txid_current()::text, coalesce(current_setting('gatehouse.tenant', true), '')"
            add = PostgresGatheredStatement(
                one: PostgresStatement(
                    "\(name)_one", [.uuid, .int8],
                    "update \(table) g set n = g.n + $2 where g.id = $1 returning \(answer)"),
                many: PostgresStatement(
                    "\(name)_many", [.uuidArray, .int8Array],
                    """
                    with taken as (
                        select g.id, w.n from unnest($1, $2) as w (id, n) join \(table) g on g.id = w.id
                        for no key update of g \(skipsLocked ? "skip locked" : "")
                    )
                    update \(table) g set n = g.n + w.n from taken w where g.id = w.id returning \(answer), g.id
                    """))
            try SharedServer.get().execute(
                "create table \(table) as select gen_random_uuid() as id, 0::bigint as n from generate_series(1, \(count))"
            )
            try SharedServer.get().execute("alter table \(table) add primary key (id)")
        }

        func ids(_ client: PostgresClient) async throws -> [UUID] {
            try await client.query(PostgresStatement("\(table)_ids", [], "select id from \(table) order by id"))
                .map { try $0.decode(0) }
        }

        func total(_ client: PostgresClient) async throws -> Int {
            try await client.query(PostgresStatement("\(table)_sum", [], "select sum(n)::int8 from \(table)"))[0]
                .decode(0)
        }

        func lock(_ row: UUID, _ transaction: PostgresTransaction) async throws {
            let statement = PostgresStatement(
                "\(table)_lock", [.uuid], "select from \(table) where id = $1 for no key update")
            _ = try await transaction.query(statement, [.uuid(row)])
        }
    }

    /// Waits until a client uses all its connections: with fewer, what waits for a lock has others behind it.
    private func allUp(_ count: Int, _ client: PostgresClient) async throws {
        let statement = PostgresStatement("gathered_process", [], "select pg_backend_pid() from pg_sleep(0.02)")
        try await eventually {
            try await withThrowingTaskGroup(of: Int32.self) { group in
                for _ in 0..<count { group.addTask { try await client.query(statement)[0].decode(0) } }
                return try await group.reduce(into: Set()) { $0.insert($1) }.count == count
            }
        }
    }

    /// Waits until so many connections of a client wait for a lock, as `other` sees it.
    private func waiting(_ count: Int, _ name: String, _ other: PostgresClient) async throws {
        let statement = PostgresStatement(
            "gathered_waiting", [.text],
            "select count(*) from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'")
        try await eventually {
            try await other.query(statement, [.text(name)])[0].decode(0, as: Int.self) == count
        }
    }

    @Test("what is asked for at once goes in few transactions, and everybody gets the own row", arguments: [1, 2])
    func together(connections: Int) async throws {
        let numbers = try Numbers("together\(connections)", of: 300)
        try await withClient(to: SharedServer.get()) {
            $0.connections = connections
        } _: { client in
            let ids = try await numbers.ids(client)
            let transactions = try await withThrowingTaskGroup(of: String.self) { group in
                for (number, id) in ids.enumerated() {
                    group.addTask {
                        let rows = try await client.query(numbers.add, [.uuid(id), .int8(Int64(number))])
                        try #require(rows.count == 1 && rows.affected == 1)
                        try #require(try rows[0].decode(0, as: Int.self) == number)
                        return try rows[0].decode(1)
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(transactions.count < 150, "three hundred took \(transactions.count) transactions")
        }
    }

    @Test("a key that comes twice is served twice, and one that no row has finds none")
    func twice() async throws {
        let numbers = try Numbers("twice", of: 3)
        try await withClient(to: SharedServer.get()) { client in
            let ids = try await numbers.ids(client)
            let found = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<400 {
                    // A fourth of them asks for a row that is not there.
                    let id = number % 4 == 3 ? UUID() : ids[number % 4]
                    group.addTask {
                        var found = 0
                        // A row that another has locked at the moment is left out: asked for until it is there.
                        repeat {
                            found = try await client.query(numbers.add, [.uuid(id), .int8(1)]).count
                        } while found == 0 && ids.contains(id)
                        return found
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(found == 300)
            #expect(try await numbers.total(client) == 300)
        }
    }

    @Test("a row that the server refuses fails alone")
    func refused() async throws {
        let numbers = try Numbers("refused", of: 100)
        try await withClient(to: SharedServer.get()) { client in
            let ids = try await numbers.ids(client)
            for id in ids.prefix(3) { _ = try await client.query(numbers.add, [.uuid(id), .int8(.max)]) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, id) in ids.enumerated() {
                    group.addTask {
                        if number < 3 {
                            let error = await failure { () throws(PostgresError) in
                                try await client.query(numbers.add, [.uuid(id), .int8(1)])
                            }
                            #expect(error?.serverError?.sqlState == "22003")
                        } else {
                            let rows = try await client.query(numbers.add, [.uuid(id), .int8(7)])
                            #expect(try rows.first?.decode(0, as: Int.self) == 7)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("who waits for a row's lock holds up nobody else")
    func locked() async throws {
        let numbers = try Numbers("locked", of: 50)
        try await withClient(to: SharedServer.get()) {
            $0.connections = 3
            $0.applicationName = "gathered-locked"
        } _: { client in
            try await allUp(3, client)
            let ids = try await numbers.ids(client)
            // Locked and looked on by another client: this one's statements might wait behind the one that waits.
            try await withClient(to: SharedServer.get()) { other in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    try await other.transaction { transaction in
                        try await numbers.lock(ids[0], transaction)
                        // Alone, and so it waits for the lock.
                        group.addTask {
                            let rows = try await client.query(numbers.add, [.uuid(ids[0]), .int8(5)])
                            #expect(try rows.first?.decode(0, as: Int.self) == 5)
                        }
                        try await waiting(1, "gathered-locked", other)
                        try await withThrowingTaskGroup(of: Int.self) { others in
                            for id in ids.dropFirst() {
                                others.addTask { try await client.query(numbers.add, [.uuid(id), .int8(1)]).count }
                            }
                            let found = try await others.reduce(0, +)
                            #expect(found == 49)
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(try await numbers.total(client) == 54)
        }
    }

    @Test("when the connection goes, all that went together learn that it is not known what became of them")
    func broken() async throws {
        let numbers = try Numbers("broken", of: 20, skipsLocked: false)
        try await withClient(to: SharedServer.get()) {
            $0.connections = 2
            $0.applicationName = "gathered-broken"
        } _: { client in
            try await allUp(2, client)
            let ids = try await numbers.ids(client)
            let errors = try await withClient(to: SharedServer.get()) { other in
                try await withThrowingTaskGroup(of: PostgresError?.self) { group in
                    try await other.transaction { transaction in
                        for id in ids { try await numbers.lock(id, transaction) }
                        func add(_ id: UUID) {
                            group.addTask {
                                await failure { () throws(PostgresError) in
                                    try await client.query(numbers.add, [.uuid(id), .int8(1)])
                                }
                            }
                        }
                        // One alone, and behind it others that go together.
                        add(ids[0])
                        try await waiting(1, "gathered-broken", other)
                        for id in ids.dropFirst() { add(id) }
                        try await waiting(2, "gathered-broken", other)
                        try SharedServer.get().execute(
                            "select pg_terminate_backend(pid) from pg_stat_activity "
                                + "where application_name = 'gathered-broken'")
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            }
            // Those that were not sent yet may have gone over the next connection.
            let failed = errors.compactMap { $0 }
            #expect(failed.count >= 2)
            #expect(failed.allSatisfy { $0.isUnavailable })
            #expect(try await numbers.total(client) == errors.count - failed.count)
        }
    }

    @Test("a caller that goes leaves the others their rows")
    func cancelled() async throws {
        let numbers = try Numbers("cancelled", of: 200)
        try await withClient(to: SharedServer.get()) { client in
            let ids = try await numbers.ids(client)
            let found = try await withThrowingTaskGroup(of: Int.self) { group in
                for (number, id) in ids.enumerated() {
                    group.addTask {
                        let task = Task { try await client.query(numbers.add, [.uuid(id), .int8(1)]).count }
                        if number % 2 == 0 {
                            task.cancel()
                            _ = await task.result
                            return 0
                        }
                        return try await task.value
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(found == 100)
        }
    }

    @Test("tenants do not go together")
    func tenants() async throws {
        let numbers = try Numbers("tenants", of: 200)
        let tenants = (0..<4).map { _ in UUID() }
        try await withClient(to: SharedServer.get()) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, id) in try await numbers.ids(client).enumerated() {
                    let tenant = tenants[number % 4]
                    group.addTask {
                        let rows = try await client.query(
                            numbers.add, [.uuid(id), .int8(1)], scope: .tenant(tenant))
                        #expect(try rows.first?.decode(2, as: String.self) == tenant.uuidString.lowercased())
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
