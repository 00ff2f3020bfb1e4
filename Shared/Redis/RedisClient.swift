public import Logging
import Metrics
import NIOConcurrencyHelpers
public import NIOCore
import NIOPosix
public import ServiceLifecycle

/// A Redis client: a connection per event loop, so that callers on a loop never leave it, and one more for pub/sub.
///
/// Calls fail fast while Redis is away; nothing piles up.
public final class RedisClient: Sendable, Service {
    private let configuration: RedisConfiguration
    private let logger: Logger
    private let links: [(eventLoop: any EventLoop, link: NIOLockedValueBox<NIOLoopBound<RedisLink>?>)]
    private let connected = NIOLockedValueBox(0)
    private let answered = Counter(label: "gatehouse_redis_commands_total", dimensions: [("outcome", "answered")])
    private let failed = Counter(label: "gatehouse_redis_commands_total", dimensions: [("outcome", "failed")])
    private let gauge = Gauge(label: "gatehouse_redis_connections")

    /// A client; connections are made once `run` is called.
    public init(configuration: RedisConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        links = eventLoopGroup.makeIterator().map { ($0, NIOLockedValueBox(nil)) }
    }

    /// Whether any loop has a connection.
    public var isAvailable: Bool { connected.withLockedValue { $0 > 0 } }

    public func run() async throws {
        for (eventLoop, box) in links {
            eventLoop.execute {
                let link = RedisLink(
                    configuration: self.configuration, eventLoop: eventLoop, logger: self.logger
                ) { isUp in
                    let count = self.connected.withLockedValue { count in
                        count += isUp ? 1 : -1
                        return count
                    }
                    self.gauge.record(count)
                }
                box.withLockedValue { $0 = NIOLoopBound(link, eventLoop: eventLoop) }
                link.connect()
            }
        }
        try? await gracefulShutdown()
        for (eventLoop, box) in links {
            eventLoop.execute { box.withLockedValue { $0 }?.value.shutDown() }
        }
    }

    /// Sends a command and waits for its reply.
    /// - Parameter deadline: When to give up; 100 ms from now unless told.
    public func send(_ command: RedisCommand, deadline: NIODeadline? = nil) async throws(RedisError) -> RedisValue {
        let eventLoop = self.eventLoop()
        let result: Result<RedisValue, RedisError> = await withCheckedContinuation { continuation in
            if eventLoop.inEventLoop {
                dispatch(command, eventLoop, deadline) { continuation.resume(returning: $0) }
            } else {
                eventLoop.execute {
                    self.dispatch(command, eventLoop, deadline) { continuation.resume(returning: $0) }
                }
            }
        }
        return try result.get()
    }

    /// Sends a command from code on `eventLoop`, which is one of the group's; the future fails with `RedisError`.
    public func send(
        _ command: RedisCommand, on eventLoop: any EventLoop, deadline: NIODeadline? = nil
    ) -> EventLoopFuture<RedisValue> {
        let promise = eventLoop.makePromise(of: RedisValue.self)
        if eventLoop.inEventLoop {
            dispatch(command, eventLoop, deadline) { promise.complete($0) }
        } else {
            eventLoop.execute { self.dispatch(command, eventLoop, deadline) { promise.complete($0) } }
        }
        return promise.futureResult
    }

    /// Runs a script by its digest, sending it first where the server does not know it.
    public func evaluate(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument], deadline: NIODeadline? = nil
    ) async throws(RedisError) -> RedisValue {
        let rest = [.integer(Int64(keys.count))] + keys + arguments
        if let digest = script.known {
            do throws(RedisError) {
                return try await send(RedisCommand("EVALSHA", [.text(digest)] + rest), deadline: deadline)
            } catch .server(prefix: "NOSCRIPT", _) {
                script.learn(nil)
            }
        }
        let digest = try await send(RedisCommand("SCRIPT", ["LOAD", .text(script.source)]), deadline: deadline).string
        guard let digest else { throw .protocolViolation }
        script.learn(digest)
        return try await send(RedisCommand("EVALSHA", [.text(digest)] + rest), deadline: deadline)
    }

    /// Publishes without waiting; a message that can't be sent is counted and gone.
    public func publish(_ channel: String, _ message: [UInt8]) {
        let eventLoop = self.eventLoop()
        let command = RedisCommand("PUBLISH", [.text(channel), .bytes(message)])
        eventLoop.execute { self.dispatch(command, eventLoop, nil) { _ in } }
    }

    /// Follows channels until the stream is dropped, over any number of lost connections.
    public func subscribe(_ channels: [String]) -> AsyncStream<RedisSubscriptionEvent> {
        let eventLoop = self.eventLoop()
        let (configuration, logger) = (configuration, logger)
        return AsyncStream(bufferingPolicy: .bufferingNewest(100_000)) { continuation in
            let box = NIOLockedValueBox<NIOLoopBound<RedisSubscription>?>(nil)
            continuation.onTermination = { _ in
                eventLoop.execute { box.withLockedValue { $0 }?.value.stop() }
            }
            eventLoop.execute {
                let subscription = RedisSubscription(
                    channels, configuration: configuration, eventLoop: eventLoop, logger: logger
                ) { continuation.yield($0) }
                box.withLockedValue { $0 = NIOLoopBound(subscription, eventLoop: eventLoop) }
                subscription.connect()
            }
        }
    }

    private func eventLoop() -> any EventLoop {
        let current = MultiThreadedEventLoopGroup.currentEventLoop
        return links.first { $0.eventLoop === current }?.eventLoop
            ?? links[Int.random(in: 0..<links.count)].eventLoop
    }

    private func dispatch(
        _ command: RedisCommand, _ eventLoop: any EventLoop, _ deadline: NIODeadline?,
        _ completion: @escaping RedisConnection.Completion
    ) {
        guard let link = links.first(where: { $0.eventLoop === eventLoop })?.link.withLockedValue({ $0 })?.value else {
            failed.increment()
            return completion(.failure(.unavailable))
        }
        link.send(command, deadline: deadline) { result in
            if case .success = result { self.answered.increment() } else { self.failed.increment() }
            completion(result)
        }
    }
}
