import Crypto
import Domain
import FoundationEssentials
import GatehouseTesting
import Logging
import NIOCore
import NIOPosix
import Postgres
import Redis
import Synchronization
import Testing

@testable import Events

@Suite("Events after a failover", .timeLimit(.minutes(5)))
struct FailoverTests {
    private static let table = """
        create table all_events (
            transaction xid8 default pg_current_xact_id(), id bigint, tenant_id uuid default gen_random_uuid(),
            kind text default 'session.revoked', subject_id uuid default gen_random_uuid(), payload jsonb default '{}',
            created_at timestamptz default now())
        """

    private func write(_ ids: ClosedRange<Int>, on server: TemporaryPostgres) throws {
        // A transaction each.
        for id in ids { try server.execute("insert into all_events (id) values (\(id))") }
    }

    private func write(_ id: Int, epochOf user: UUID, on server: TemporaryPostgres) throws {
        try server.execute(
            """
            insert into all_events (id, kind, subject_id, payload)
            values (\(id), 'user.epoch', '\(user.uuidString)', '{"epoch": 2}')
            """)
    }

    @Test("events under transaction ids that the old primary had used are seen, and only what was lost is forgotten")
    func reusedTransactions() async throws {
        let primary = try TemporaryPostgres()
        try primary.execute(Self.table)
        try primary.execute("create role follower login in role pg_read_all_data")
        let standby = try TemporaryPostgres(standbyOf: primary)
        // Nobody answers there: events come by polling alone.
        let redis = RedisClient(
            configuration: RedisConfiguration(hosts: [.init(name: "127.0.0.1", port: try FreePort.take(1)[0])]),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: .silent)
        let postgres = PostgresClient(
            configuration: PostgresConfiguration(
                connectionString:
                    "postgresql://follower@127.0.0.1:\(primary.port),127.0.0.1:\(standby.port)/postgres"),
            logger: .silent)
        let seen = Mutex<[Int64]>([])
        let forgotten = Mutex(0)
        let accepted = Mutex(0)
        let revocations = RevocationSet(lifetime: .seconds(900))
        let (demoted, lost) = (UUID(), UUID())
        let refuses: @Sendable (UUID) -> Bool = { user in
            revocations.refuses(RevocableToken(session: nil, id: nil, user: user, epoch: 1))
        }
        let look: @Sendable () -> Void = { if !refuses(demoted) { accepted.withLock { $0 += 1 } } }
        let feed = EventFeed(
            postgres: postgres, redis: redis, codec: EndedSessionCodec(key: SymmetricKey(size: .bits256)),
            lookback: .seconds(900), logger: .silent,
            handlers: [
                { event in
                    // Between what is forgotten and what is learned anew.
                    if forgotten.withLock({ $0 > 0 }) { look() }
                    revocations.apply(event)
                    seen.withLock { $0.append(event.id) }
                }
            ],
            forgettings: [revocations.forgetEpochs, look, { forgotten.withLock { $0 += 1 } }])
        let running = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await postgres.run() }
                group.addTask { try await feed.run() }
                try await group.waitForAll()
            }
        }
        try write(1...3, on: primary)
        try write(50, epochOf: demoted, on: primary)
        let caughtUp = "select count(*) from all_events"
        try await eventually { try standby.execute(caughtUp) == "4\n" }
        // What comes now is lost, but not before it was read.
        try standby.execute("alter system set primary_conninfo = ''")
        try standby.execute("select pg_reload_conf()")
        try await eventually { try primary.execute("select count(*) from pg_stat_replication") == "0\n" }
        try write(100, epochOf: lost, on: primary)
        try write(101...110, on: primary)
        // The horizon has to be beyond all of them when the cursor moves.
        try await eventually { seen.withLock { $0.contains(110) } }
        seen.withLock { $0 = [] }
        try await Task.sleep(for: .seconds(3))
        #expect(seen.withLock { $0.isEmpty }, "the cursor is beyond all of them")
        #expect(forgotten.withLock { $0 } == 0)
        #expect(refuses(demoted) && refuses(lost))

        // The new primary is far ahead of the cursor before anybody can read there.
        primary.stop(.crash)
        try standby.refuse(user: "follower")
        try standby.promote()
        try write(4...40, on: standby)
        try standby.welcomeAll()
        try await eventually { seen.withLock { Set(4...40).isSubset(of: Set($0.map(Int.init))) } }
        try await eventually { !refuses(lost) }
        #expect(forgotten.withLock { $0 } == 1)
        #expect(accepted.withLock { $0 } == 0, "who was demoted before is so all the time")
        #expect(refuses(demoted))
        running.cancel()
        try? await running.value
    }
}

extension Logger {
    fileprivate static var silent: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }
}

/// Comes back when the condition holds; the test's own time limit is the bound.
private func eventually(_ condition: () throws -> Bool) async throws {
    while try !condition() { try await Task.sleep(for: .milliseconds(20)) }
}
