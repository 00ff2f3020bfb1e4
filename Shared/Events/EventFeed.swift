import FoundationEssentials
public import Logging
import NIOConcurrencyHelpers
public import Postgres
public import Redis
public import ServiceLifecycle

/// Follows the events of all processes: Redis tells at once which rows are new, Postgres says what is true.
///
/// A message on the channel is a hint that names row ids; the rows are read from Postgres, so a forged message can change
/// nothing. Of a single ended session the hint may tell itself, under a MAC: that is applied without a reading. Rows are
/// also read past the cursor at start, when the Redis link comes back, and every few seconds, so that a lost message delays an
/// event and never loses it. Handlers see an event at least once.
public final class EventFeed: Sendable, Service {
    /// What is called with each event; it must be idempotent, and quick. An ended session that its hint tells of has no
    /// order with other events, and may come while they are handled.
    public typealias Handler = @Sendable (Event) -> Void
    /// What is called when the past has become another one; it must be quick, too.
    public typealias Forgetting = @Sendable () -> Void

    /// The channel that hints are published on.
    public static let channel = "gatehouse:events"

    /// So much is handled on the feed's executor: so many events, with so many bytes of payload between them. More would hold
    /// up what else its thread has to do (all sessions of a client that is deleted are one event), and is handled elsewhere.
    private static let longest = (count: 64, bytes: 8192)

    private struct State {
        var cursor = EventCursor.start
        var hints: Set<Int64> = []
        var isLinked = false
        var isCurrent = false
        /// Counts what may have kept hints away or unread: what was cached is trusted again once a read past the cursor
        /// that began later is through.
        var gaps = 0
        /// The highest id of an event that was applied, of each kind: what hints tell overtakes what has to be read, whose
        /// lateness is to be seen all the same.
        var newest: [Event.Kind: Int64] = [:]
        var wake: CheckedContinuation<Void, Never>?
        var mustCatchUp = true
    }

    private let postgres: PostgresClient
    private let redis: RedisClient
    private let lookback: Duration
    private let handlers: [Handler]
    private let forgettings: [Forgetting]
    private let logger: Logger
    private let state = NIOLockedValueBox(State())
    private let metrics = EventMetrics()
    private let liveness: EventLiveness
    private let codec: EndedSessionCodec
    private let executor: (any TaskExecutor)?

    /// A feed.
    /// - Parameters:
    ///   - codec: Tells ended sessions that processes of the suite tell of from made-up ones.
    ///   - lookback: How far back to begin: as long as an event's effect lasts in memory, which is the longest
    ///     lifetime of an access token.
    ///   - handlers: Called with each event, in order of registration.
    ///   - forgettings: Called after a failover, before the events of the lookback are handed out again: events that were
    ///     read may be lost, so that what they led to is to be learned anew.
    ///   - liveness: Told whether news arrives as it is made.
    ///   - executor: Where it runs and calls the handlers: best the event loop that messages arrive on, since each change of
    ///     thread costs more than the handling of an event. By default the threads that all tasks share.
    public init(
        postgres: PostgresClient, redis: RedisClient, codec: EndedSessionCodec, lookback: Duration, logger: Logger,
        handlers: [Handler], forgettings: [Forgetting] = [], liveness: EventLiveness = EventLiveness(),
        executor: (any TaskExecutor)? = nil
    ) {
        self.postgres = postgres
        self.redis = redis
        self.codec = codec
        self.lookback = lookback
        self.handlers = handlers
        self.forgettings = forgettings
        self.liveness = liveness
        self.executor = executor
        self.logger = logger
    }

    /// Whether the past was read: until then a process must not judge tokens.
    public var isCurrent: Bool { state.withLockedValue { $0.isCurrent } }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask(executorPreference: self.executor) { await self.listen() }
                group.addTask(executorPreference: self.executor) { await self.follow() }
                group.addTask(executorPreference: self.executor) { await self.tick() }
                await group.waitForAll()
            }
        }
    }

    private func listen() async {
        for await event in redis.subscribe([Self.channel]) {
            switch event {
            case .connected:
                // Also said when hints had to be dropped, so that it opens a gap even where the link was up.
                miss { $0.isLinked = true }
                catchUp()
            case .disconnected:
                miss { $0.isLinked = false }
            case .message(_, let payload):
                take(EventHint(payload, codec))
            }
        }
    }

    /// Reads past the cursor every second while Redis is away, every other second while it is there.
    private func tick() async {
        var isOdd = false
        while !Task.isCancelled {
            isOdd.toggle()
            if isOdd || !state.withLockedValue({ $0.isLinked }) { catchUp() }
            try? await Task.sleep(for: .seconds(1))
        }
        wake()
    }

    /// Notes that hints may be missing.
    private func miss(_ change: (inout State) -> Void = { _ in }) {
        state.withLockedValue { state in
            change(&state)
            state.gaps += 1
            liveness.set(false)
        }
    }

    private func take(_ hint: EventHint) {
        // Before the past is read, too: it is true whatever else is, and the reading finds it once more.
        for event in hint.ended { handle(event) }
        metrics.countTold(hint)
        guard !hint.ids.isEmpty else { return }
        state.withLockedValue { $0.hints.formUnion(hint.ids) }
        wake()
    }

    private func catchUp() {
        state.withLockedValue { $0.mustCatchUp = true }
        wake()
    }

    private func wake() {
        let waiting = state.withLockedValue { state in
            defer { state.wake = nil }
            return state.wake
        }
        waiting?.resume()
    }

    private enum Work {
        case hints([Int64])
        case catchUp
    }

    /// The one reader: hints first, since they are news, then what the cursor finds.
    private func follow() async {
        while !Task.isCancelled {
            guard let work = nextWork() else {
                await withCheckedContinuation { continuation in
                    let resumesNow = state.withLockedValue { state in
                        if !state.hints.isEmpty || state.mustCatchUp || Task.isCancelled { return true }
                        state.wake = continuation
                        return false
                    }
                    if resumesNow { continuation.resume() }
                }
                continue
            }
            do throws(PostgresError) {
                switch work {
                case .hints(let ids): try await apply(ids)
                case .catchUp: try await followCursor()
                }
            } catch {
                metrics.countFailure()
                logger.debug("events can't be read just now", metadata: ["error": "\(error)"])
                // What was hinted at is behind the cursor, and is read as soon as Postgres answers again: the next tick
                // would be too late for what ended just before it went away.
                try? await Task.sleep(for: .milliseconds(200))
                state.withLockedValue { $0.mustCatchUp = true }
            }
        }
    }

    private func takeHints() -> [Int64] {
        state.withLockedValue { state in
            defer { state.hints.removeAll() }
            return Array(state.hints)
        }
    }

    private func nextWork() -> Work? {
        state.withLockedValue { state in
            if !state.hints.isEmpty, state.isCurrent {
                defer { state.hints.removeAll() }
                return .hints(Array(state.hints))
            }
            if state.mustCatchUp {
                state.mustCatchUp = false
                return .catchUp
            }
            state.hints.removeAll()
            return nil
        }
    }

    private func apply(_ ids: [Int64]) async throws(PostgresError) {
        do throws(PostgresError) {
            await apply(try await postgres.query(EventStatements.hinted, [.int8Array(ids)]))
        } catch {
            miss()
            throw error
        }
    }

    private func followCursor() async throws(PostgresError) {
        var cursor: EventCursor
        let gaps: Int
        (cursor, gaps) = state.withLockedValue { ($0.cursor, $0.gaps) }
        let timeline = postgres.timeline
        var isAnew = cursor.resetIfElsewhere(than: timeline)
        // The horizon is taken before the rows are read: whatever ran then may still add rows at or above it.
        let horizonRow = try await postgres.query(EventStatements.horizon).first
        let horizon = try horizonRow?.decode(0, as: Int64.self) ?? 0
        if cursor.resetIfAhead(of: horizon) { isAnew = true }
        let relearning = Relearning()
        if cursor.isAtStart {
            if isAnew {
                logger.notice("the database has another past than before; reading recent events again")
                relearning.begin(forgettings)
            }
            try await applyRows(after: cursor, isStart: true)
        } else {
            try await applyRows(after: cursor)
        }
        // A failover meanwhile: the horizon may be one server's and the rows another's.
        guard postgres.timeline == timeline else { return catchUp() }
        relearning.finish()
        cursor.advance(to: horizon)
        let reached = cursor
        state.withLockedValue {
            $0.cursor = reached
            $0.isCurrent = true
            liveness.set($0.isLinked && $0.gaps == gaps)
        }
        metrics.recordPoll(upTo: reached)
    }

    /// Events come more than once: only the first time tells how long an event took to get here.
    private func note(_ event: Event) {
        let isFollowed = state.withLockedValue { state -> Bool? in
            guard event.id > state.newest[event.kind, default: 0] else { return nil }
            state.newest[event.kind] = event.id
            return state.isCurrent
        }
        if let isFollowed { metrics.record(newest: event, isFollowed: isFollowed) }
    }

    /// Hands out what comes behind a position, a page at a time: all of an hour may be more than one statement can read
    /// within its time.
    /// - Parameter isStart: Whether only those of the lookback count.
    private func applyRows(after cursor: EventCursor, isStart: Bool = false) async throws(PostgresError) {
        let pageSize = 1000
        var position = (transaction: cursor.transaction, id: cursor.id)
        let timeline = postgres.timeline
        while true {
            let page: [PostgresValue] = [.int8(position.transaction), .int8(position.id), .int4(Int32(pageSize))]
            let rows =
                if isStart {
                    try await postgres.query(
                        EventStatements.since, [.float8(Double(lookback.components.seconds))] + page)
                } else {
                    try await postgres.query(EventStatements.after, page)
                }
            // Positions of one server mean nothing on another; who asked begins anew.
            guard postgres.timeline == timeline else { return }
            await apply(rows)
            guard rows.count == pageSize else { return }
            let last = rows[rows.count - 1]
            position = (try last.decode(0), try last.decode(1))
            // News would wait for all of a long past: a session that was just ended, for what others did an hour ago.
            let hints = takeHints()
            if !hints.isEmpty { try await apply(hints) }
        }
    }

    private func apply(_ rows: PostgresRows) async {
        let isShort = rows.count <= Self.longest.count
        if isShort, rows.reduce(0, { $0 + $1.length(of: 5) }) <= Self.longest.bytes { return handle(rows) }
        await withTaskExecutorPreference(globalConcurrentExecutor) { @concurrent in handle(rows) }
    }

    private func handle(_ rows: PostgresRows) {
        for row in rows {
            do throws(PostgresError) {
                guard let kind = Event.Kind(rawValue: try row.decode(3)) else { continue }
                handle(
                    Event(
                        kind: kind, id: try row.decode(1), tenant: try row.decode(2), subject: try row.decode(4),
                        payload: try row.decode(5), createdAt: try row.decode(6)))
            } catch {
                metrics.countFailure()
                logger.error("an event can't be read and is passed over", metadata: ["error": "\(error)"])
            }
        }
    }

    private func handle(_ event: Event) {
        for handler in handlers { handler(event) }
        metrics.countApplied()
        note(event)
    }
}
