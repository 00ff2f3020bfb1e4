import Crypto
import FoundationEssentials
import GatehouseTesting
import Glibc
import Logging
import NIOCore
import NIOPosix
import Postgres
import Redis
import Synchronization
import Testing

@testable import Events

@Suite("The feed of events", .serialized, .timeLimit(.minutes(5)))
struct EventFeedTests {
    private static let backlog = 30_000
    private let server: TemporaryPostgres
    private let hints: TemporaryRedis
    private let codec = EndedSessionCodec(key: SymmetricKey(size: .bits256))
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    init() throws {
        server = try TemporaryPostgres()
        hints = try TemporaryRedis()
        try server.execute(
            """
            create table all_events (
                transaction xid8 not null default pg_current_xact_id(),
                id bigint generated always as identity primary key, tenant_id uuid not null default gen_random_uuid(),
                kind text not null default 'session.revoked', subject_id uuid default gen_random_uuid(),
                payload jsonb not null default '{}', created_at timestamptz not null default now());
            create index on all_events (transaction, id);
            create function hinted_events(ids bigint[])
                returns table (
                    transaction bigint, id bigint, tenant_id uuid, kind text, subject_id uuid, payload text,
                    created_at timestamptz)
                language sql
                as $$
            select e.transaction::text::bigint, e.id, e.tenant_id, e.kind, e.subject_id, e.payload::text, e.created_at
            from all_events e where e.id = any(ids)
            $$
            """)
    }

    private func clients() throws -> (PostgresClient, RedisClient, MultiThreadedEventLoopGroup) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let postgres = PostgresClient(
            configuration: PostgresConfiguration(connectionString: server.connectionString()), logger: logger)
        let redis = RedisClient(
            configuration: try RedisConfiguration(url: "redis://127.0.0.1:\(hints.port)"), eventLoopGroup: group,
            logger: logger)
        return (postgres, redis, group)
    }

    /// Runs a feed until it has read the past and hears of news.
    private func start(
        _ feed: EventFeed, _ postgres: PostgresClient, _ redis: RedisClient
    ) async throws -> [Task<Void, any Error>] {
        let running = [
            Task { try await postgres.run() }, Task { try await redis.run() }, Task { try await feed.run() },
        ]
        while !feed.isCurrent || !redis.isAvailable { try await Task.sleep(for: .milliseconds(10)) }
        return running
    }

    private func end(_ running: [Task<Void, any Error>], _ group: MultiThreadedEventLoopGroup) async throws {
        for task in running.reversed() {
            task.cancel()
            _ = try? await task.value
        }
        try await group.shutdownGracefully()
    }

    @Test("what is hinted at does not wait for a long past to be read")
    func newsBeforeThePast() async throws {
        let seen = Mutex<[Int64]>([])
        let news = Mutex<Int64?>(nil)
        let (postgres, redis, group) = try clients()
        let publisher = EventPublisher(redis: redis, codec: codec)
        let server = server
        let handler: EventFeed.Handler = { event in
            let isFirst = seen.withLock { seen in
                seen.append(event.id)
                return seen.count == 1
            }
            // While the first page of the past is read, something happens, and is told of.
            guard isFirst, let text = try? server.execute("insert into all_events default values returning id"),
                let id = Int64(text.filter(\.isNumber))
            else { return }
            news.withLock { $0 = id }
            publisher.publish([id])
            usleep(200_000)
        }
        let feed = EventFeed(
            postgres: postgres, redis: redis, codec: codec, lookback: .seconds(900), logger: logger, handlers: [handler]
        )
        let running = try await start(feed, postgres, redis)
        try server.execute(
            "insert into all_events (kind) select 'session.revoked' from generate_series(1, \(Self.backlog))")
        while seen.withLock({ Set($0).count }) <= Self.backlog { try await Task.sleep(for: .milliseconds(10)) }

        let id = try #require(news.withLock { $0 })
        let place = try #require(seen.withLock { $0.firstIndex(of: id) })
        #expect(place < Self.backlog, "it came after all of the past")
        try await end(running, group)
    }

    @Test("events are handled where the feed was told to run, a long past elsewhere")
    func place() async throws {
        let (postgres, redis, group) = try clients()
        let loop = redis.subscriptionLoop
        let places = Mutex<[Int64: Bool]>([:])
        let feed = EventFeed(
            postgres: postgres, redis: redis, codec: codec, lookback: .seconds(900), logger: logger,
            handlers: [{ event in places.withLock { $0[event.id] = loop.inEventLoop } }],
            executor: LoopExecutor(loop: loop))
        let past = 1000
        try server.execute("insert into all_events (kind) select 'session.revoked' from generate_series(1, \(past))")
        let running = try await start(feed, postgres, redis)
        #expect(places.withLock { $0.count { !$0.value } } == past, "the loop was held up")

        try server.execute("insert into all_events default values")
        let news = Int64(past + 1)
        EventPublisher(redis: redis, codec: codec).publish([news])
        while places.withLock({ $0[news] == nil }) { try await Task.sleep(for: .milliseconds(10)) }
        #expect(places.withLock { $0[news] } == true, "it changed threads")

        let told = news + 1
        EventPublisher(redis: redis, codec: codec).publish(ended: UUID(), of: UUID(), event: told)
        while places.withLock({ $0[told] == nil }) { try await Task.sleep(for: .milliseconds(10)) }
        #expect(places.withLock { $0[told] } == true, "it changed threads")
        try await end(running, group)
    }

    @Test("an ended session that a hint tells of is handled while Postgres can't be read, and once more when it can")
    func toldWithoutReading() async throws {
        let seen = Mutex<[Event]>([])
        let (postgres, redis, group) = try clients()
        let feed = EventFeed(
            postgres: postgres, redis: redis, codec: codec, lookback: .seconds(900), logger: logger,
            handlers: [{ event in seen.withLock { $0.append(event) } }])
        try server.execute("alter table all_events rename to hidden")
        let running = [
            Task { try await postgres.run() }, Task { try await redis.run() }, Task { try await feed.run() },
        ]
        let (session, tenant) = (UUID(), UUID())
        let publisher = EventPublisher(redis: redis, codec: codec)
        let stranger = EventPublisher(redis: redis, codec: EndedSessionCodec(key: SymmetricKey(size: .bits256)))
        // Until the feed listens nobody hears it.
        while seen.withLock({ $0.isEmpty }) {
            stranger.publish(ended: UUID(), of: UUID(), event: 1)
            publisher.publish(ended: session, of: tenant, event: 1)
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(!feed.isCurrent, "the past can't have been read")
        #expect(seen.withLock { $0.allSatisfy { $0.subject == session && $0.tenant == tenant } })

        try server.execute("alter table hidden rename to all_events")
        let payload = #"{"reason": "logout"}"#
        try server.execute(
            "insert into all_events (subject_id, payload) values ('\(session.uuidString)', '\(payload)')")
        var row: Event?
        while row == nil {
            try await Task.sleep(for: .milliseconds(10))
            row = seen.withLock { $0.first { $0.payload == payload } }
        }
        #expect(row?.id == 1)
        #expect(row?.subject == session)
        try await end(running, group)
    }
}

private final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
