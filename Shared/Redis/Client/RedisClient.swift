public import Logging
import Metrics
import NIOConcurrencyHelpers
public import NIOCore
import NIOPosix
public import ServiceLifecycle
import Synchronization

/// A Redis client: one pipelined connection for each event loop, made on first use, so that callers on a loop never
/// leave it; and one more for subscriptions.
///
/// While the server is away calls fail at once, and nothing piles up. Usable before `run`; closed when `run` returns.
public final class RedisClient: Sendable, Service {
    private let configuration: RedisConfiguration
    private let links: [LoopLink]
    private let subscriptions: NIOLoopBoundBox<SubscriptionLink>
    private let metrics = RedisMetrics()
    private let availability = Availability()
    private let lastSubscription = Atomic(0)

    /// A client. The group's loops must outlive it.
    public init(configuration: RedisConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        let (metrics, availability) = (metrics, availability)
        links = eventLoopGroup.makeIterator().map { loop in
            LoopLink(configuration, eventLoop: loop, logger: logger, metrics: metrics, availability: availability)
        }
        precondition(!links.isEmpty, "an event loop group without loops")
        let home = links[0].eventLoop
        subscriptions = .makeBoxSendingValue(
            SubscriptionLink(configuration, eventLoop: home, logger: logger, metrics: metrics), eventLoop: home)
    }

    /// The loop that the messages of subscriptions arrive on.
    public var subscriptionLoop: any EventLoop { links[0].eventLoop }

    /// Whether a connection is usable and none is known to be in trouble.
    public var isAvailable: Bool { availability.isAvailable }

    /// Watches the server until the process is to end, then lets sent commands finish and closes.
    public func run() async throws {
        links[0].perform { $0.beginWatch() }
        do {
            try await gracefulShutdown()
        } catch {
            // Cancelled: the other way to be told to end.
        }
        let home = links[0].eventLoop
        home.execute { self.subscriptions.value.shutDown() }
        let closed = links.map { link in
            let promise = link.eventLoop.makePromise(of: Void.self)
            link.perform { $0.shutDown { promise.succeed() } }
            return promise.futureResult
        }
        for future in closed { try await future.get() }
    }

    /// Sends a command and waits for its answer.
    ///
    /// - Parameter deadline: When to give up; the configuration's `commandTimeout` from now unless given.
    public func send(_ command: RedisCommand, deadline: NIODeadline? = nil) async throws(RedisError) -> RedisValue {
        let call = AsyncCall()
        return try await call.value {
            currentLink.perform { $0.submit(command, .call(call), deadline: deadline) }
        }
    }

    /// Sends a command on the event loop's own connection; called on that loop, nothing leaves its thread. The future
    /// fails with ``RedisError``.
    public func send(
        _ command: RedisCommand, on eventLoop: any EventLoop, deadline: NIODeadline? = nil
    ) -> EventLoopFuture<RedisValue> {
        future(on: eventLoop) { link, promise in link.submit(command, .promise(promise), deadline: deadline) }
    }

    /// Runs a script by its digest, and loads it first where the server does not know it, also after a restart or
    /// flush.
    public func evaluate(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument], deadline: NIODeadline? = nil
    ) async throws(RedisError) -> RedisValue {
        let rest = [RedisArgument(keys.count)] + keys + arguments
        let call = AsyncCall()
        return try await call.value {
            currentLink.perform { $0.evaluate(script, rest, .call(call), deadline: deadline) }
        }
    }

    /// Runs a script as the other `evaluate` does, on the event loop's own connection. The future fails with
    /// ``RedisError``.
    public func evaluate(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument], on eventLoop: any EventLoop,
        deadline: NIODeadline? = nil
    ) -> EventLoopFuture<RedisValue> {
        let rest = [RedisArgument(keys.count)] + keys + arguments
        return future(on: eventLoop) { $0.evaluate(script, rest, .promise($1), deadline: deadline) }
    }

    /// Publishes a message and does not wait; what can't be published is counted and lost. Messages from different
    /// event loops may overtake each other.
    public func publish(_ channel: String, _ message: [UInt8]) {
        let metrics = metrics
        currentLink.perform { link in
            let receiver = Receiver.closure { reply in
                if case .failure = reply { metrics.publishFailures.increment() }
            }
            link.submit(RedisCommand("PUBLISH", [.text(channel), .bytes(message)]), receiver, deadline: nil)
        }
    }

    /// Follows channels until the stream is dropped or the client closed, over any number of lost connections.
    ///
    /// All streams share one connection, and a channel is subscribed to once, however many follow it.
    public func subscribe(_ channels: [String]) -> AsyncStream<RedisSubscriptionEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: RedisSubscriptionEvent.self, bufferingPolicy: .bufferingOldest(configuration.maxBufferedEvents))
        let unique = Array(Set(channels)).sorted()
        guard !unique.isEmpty else {
            continuation.finish()
            return stream
        }
        let id = lastSubscription.add(1, ordering: .relaxed).newValue
        let (home, subscriptions) = (links[0].eventLoop, subscriptions)
        home.execute { subscriptions.value.add(Subscriber(channels: unique, continuation: continuation), id: id) }
        continuation.onTermination = { _ in home.execute { subscriptions.value.remove(id: id) } }
        return stream
    }

    /// The link of the event loop that the caller runs on, or of the first.
    private var currentLink: LoopLink {
        guard links.count > 1, let current = MultiThreadedEventLoopGroup.currentEventLoop else { return links[0] }
        return links.first { $0.eventLoop === current } ?? links[0]
    }

    private func future(
        on eventLoop: any EventLoop, _ body: @escaping @Sendable (CommandLink, EventLoopPromise<RedisValue>) -> Void
    ) -> EventLoopFuture<RedisValue> {
        let promise = eventLoop.makePromise(of: RedisValue.self)
        // A loop of another group has no connection of its own; the promise brings the answer back to it.
        let link = links.first { $0.eventLoop === eventLoop } ?? links[0]
        link.perform { body($0, promise) }
        return promise.futureResult
    }
}
