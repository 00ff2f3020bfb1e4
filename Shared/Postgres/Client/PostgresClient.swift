public import Logging
public import NIOCore
import NIOPosix
public import ServiceLifecycle
import Spans

/// A Postgres client whose sockets belong to one thread. Callers hand it units of work; it sends them pipelined over a
/// few connections and hands results back in batches, each event loop's callers on their own loop.
///
/// A call's statements form one transaction: they take effect together or not at all.
public final class PostgresClient: Sendable, Service {
    private static let pingStatement = PostgresStatement("gatehouse_ping", [], "select 1")

    let configuration: PostgresConfiguration
    private let exchange: UnitExchange
    private let metrics = PostgresMetrics()

    /// Prepares a client; it connects once `run` is called. Units submitted before wait up to the acquire timeout.
    public init(configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        let signal = WakeSignal()
        exchange = UnitExchange(maxQueued: configuration.maxQueued, signal: signal)
        guard let signal else {
            exchange.fail(.unavailable(reason: "no file descriptor left"))
            return
        }
        do {
            let parameters = try ConnectionParameters(configuration)
            let isStarted = DetachedThread.start(name: "pg") { [exchange, metrics] in
                DetachedThread.letOthersFinish()
                let thread = DatabaseThread(
                    configuration: configuration, parameters: parameters, exchange: exchange, signal: signal,
                    metrics: metrics, logger: logger)
                thread.run()
                exchange.end()
            }
            if !isStarted { exchange.fail(.unavailable(reason: "no thread to run on")) }
        } catch {
            exchange.fail(error)
        }
    }

    deinit {
        exchange.stop()
    }

    /// Keeps the connections until graceful shutdown or cancellation, then finishes what was accepted and closes.
    ///
    /// Throws `invalidConfiguration` where the connection string does not parse, and `closed` when called again.
    public func run() async throws {
        try exchange.begin()
        await withTaskCancellationOrGracefulShutdownHandler {
            await withUnsafeContinuation { exchange.awaitEnd($0) }
        } onCancelOrGracefulShutdown: { [exchange] in
            exchange.stop()
        }
    }

    /// Whether a connection is up.
    public var isReady: Bool {
        exchange.withState { $0.phase == .running && $0.connectionsUp > 0 }
    }

    /// Which history the server writes, as of the last connection; nil before the first, and where the server can't tell.
    ///
    /// It changes with a failover. What was sent after a change was seen goes to the new primary: a caller that finds the
    /// same one before and after a series of calls knows that one history answered all of them.
    public var timeline: PostgresTimeline? {
        exchange.withState { $0.timeline }
    }

    /// Returns once a connection is up. Waits as long as it takes; throws `closed` on shutdown and `cancelled`.
    public func whenReady() async throws(PostgresError) {
        let unit = Unit(kind: .standalone, scope: .unscoped, steps: [], deadline: .distantFuture, loop: nil)
        _ = try await outcome(of: unit) { exchange.awaitConnection(unit) }
    }

    /// Makes one round trip to the server.
    public func ping(deadline: NIODeadline? = nil) async throws(PostgresError) {
        _ = try await query(Self.pingStatement, deadline: deadline)
    }

    /// Runs one statement in a transaction of its own.
    ///
    /// - Parameters:
    ///   - statement: What to run; prepared on first use of each connection.
    ///   - parameters: Values for `$1`, `$2`, …, of the declared types.
    ///   - scope: Whose rows it may see.
    ///   - deadline: When to stop waiting; by default the acquire and statement timeouts from now.
    /// - Returns: The statement's rows and count.
    public func query(
        _ statement: PostgresStatement, _ parameters: [PostgresValue] = [], scope: PostgresScope = .unscoped,
        deadline: NIODeadline? = nil
    ) async throws(PostgresError) -> PostgresRows {
        let step = try EncodedStep(statement, parameters)
        return try await perform(.standalone, scope, [step], deadline).only()
    }

    /// Runs a statement about one row, together with others of it and the same scope where several are asked for at once.
    ///
    /// As with `query` of one statement, it takes effect or fails by itself: where the server refuses those that went
    /// together, each goes again alone. Only what befalls a connection or the whole server befalls all of them.
    ///
    /// - Parameters:
    ///   - statement: What to run, for one row and for many.
    ///   - parameters: Values for `$1`, `$2`, … of the statement for one row; the first is the row's key.
    ///   - scope: Whose rows it may see.
    ///   - deadline: When to stop waiting; by default the acquire and statement timeouts from now.
    /// - Returns: The row, or none.
    public func query(
        _ statement: PostgresGatheredStatement, _ parameters: [PostgresValue], scope: PostgresScope = .unscoped,
        deadline: NIODeadline? = nil
    ) async throws(PostgresError) -> PostgresRows {
        let step = try EncodedStep(statement.one, parameters)
        // Without a key there is no row, whose answer could be told from others'.
        let gathered = step.key == nil ? nil : statement
        return try await perform(.standalone, scope, [step], gathered: gathered, deadline).only()
    }

    /// Runs several statements in one round trip and one transaction: all take effect, or none.
    ///
    /// - Returns: The results in the order of the steps.
    public func pipeline(
        _ steps: [PostgresStep], scope: PostgresScope = .unscoped, deadline: NIODeadline? = nil
    ) async throws(PostgresError) -> [PostgresRows] {
        try await perform(.standalone, scope, EncodedStep.all(steps), deadline)
    }

    /// The deadline of what is asked for at `start` and was given none.
    func defaultDeadline(from start: NIODeadline = .now()) -> NIODeadline {
        start + configuration.acquireTimeout + configuration.statementTimeout
    }

    /// Submits a unit and waits for its outcome.
    func perform(
        _ kind: Unit.Kind, _ scope: PostgresScope, _ steps: [EncodedStep], gathered: PostgresGatheredStatement? = nil,
        _ deadline: NIODeadline?
    ) async throws(PostgresError) -> [PostgresRows] {
        let loop = MultiThreadedEventLoopGroup.currentEventLoop
        let now = NIODeadline.now()
        let unit = Unit(
            kind: kind, scope: scope, steps: steps, gathered: gathered,
            deadline: deadline ?? defaultDeadline(from: now), createdAt: now, loop: loop)
        guard let place = SpanContext.current else { return try await outcome(of: unit) { submit(unit) } }
        var span = place.begin(unit.name, .client)
        span.set("db.system.name", "postgresql")
        span.set("db.query.summary", unit.name)
        if steps.count > 1 { span.set("db.operation.batch.size", steps.count) }
        do {
            let rows = try await outcome(of: unit) { submit(unit) }
            span.end()
            return rows
        } catch {
            span.fail("\(PostgresMetrics.Outcome(error))")
            span.end()
            throw error
        }
    }

    /// Submits a unit whose outcome interests nobody.
    func submit(_ unit: Unit) {
        guard let refusal = exchange.submit(unit) else { return }
        metrics.countRefused(refusal)
        if unit.settle(.failure(refusal)) { unit.resume() }
    }

    private func outcome(
        of unit: Unit, _ start: () -> Void
    ) async throws(PostgresError) -> [PostgresRows] {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                guard unit.arm(with: continuation) else {
                    continuation.resume()
                    return
                }
                start()
            }
        } onCancel: {
            if unit.settle(.failure(.cancelled(mayHaveCommitted: unit.commitsWhenSent))) {
                metrics.countRefused(.cancelled())
                unit.resume()
            }
        }
        return try unit.outcome.get()
    }
}

extension [PostgresRows] {
    /// The result of a unit of one step.
    func only() throws(PostgresError) -> PostgresRows {
        // A unit that succeeds has one result a step.
        guard let rows = first else { throw .unavailable(reason: "the statement gave no result") }
        return rows
    }
}
