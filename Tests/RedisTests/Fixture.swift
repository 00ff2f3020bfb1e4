import GatehouseTesting
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Redis
import Testing

/// The server shared by tests that leave it running and its data to others.
enum SharedServer {
    private static let started = Result { try TemporaryRedis() }

    static func get() throws -> TemporaryRedis {
        try started.get()
    }
}

/// Runs a client for as long as the body takes, then stops it and waits for its end.
func withClient<R: Sendable>(
    to url: String,
    loops: Int = 1,
    logger: Logger = .silent,
    _ configure: (inout RedisConfiguration) -> Void = { _ in },
    _ body: (RedisClient, [any EventLoop]) async throws -> R
) async throws -> R {
    var configuration = try RedisConfiguration(url: url)
    // Long enough for two busy cores; tests of deadlines set their own.
    configuration.commandTimeout = .seconds(30)
    configuration.hangTimeout = .seconds(30)
    configuration.connectTimeout = .seconds(10)
    configure(&configuration)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
    let client = RedisClient(configuration: configuration, eventLoopGroup: group, logger: logger)
    let running = Task { try await client.run() }
    let result: Result<R, any Error>
    do {
        result = .success(try await body(client, group.makeIterator().map { $0 }))
    } catch {
        result = .failure(error)
    }
    running.cancel()
    try await running.value
    try await group.shutdownGracefully()
    return try result.get()
}

/// Comes back when the condition holds; the test's own time limit is the bound.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() {
        try await Task.sleep(nanoseconds: 5_000_000)
    }
}

/// What a call failed with, or nil.
func failure<R>(of body: () async throws(RedisError) -> R) async -> RedisError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

extension RedisError {
    var prefix: String? {
        if case .server(let prefix, _) = self { prefix } else { nil }
    }
}

extension RedisClient {
    /// Tries until a command is answered.
    func whenAnswering() async throws {
        try await eventually {
            await failure { () async throws(RedisError) in try await self.send(RedisCommand("PING")) } == nil
        }
    }
}

/// Log lines with their metadata, for tests of what is said and what is not.
final class LogLines: Sendable {
    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.box.withLockedValue { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }

    private let box = NIOLockedValueBox<[String]>([])

    var all: [String] { box.withLockedValue { $0 } }

    var logger: Logger {
        Logger(label: "test", factory: { _ in Handler(lines: self) })
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }
}
