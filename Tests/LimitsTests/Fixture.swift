import GatehouseTesting
import Logging
import NIOCore
import NIOPosix
import Redis

@testable import Limits

/// The server shared by tests that leave it running and its data to others.
enum SharedServer {
    private static let started = Result { try TemporaryRedis() }

    static func get() throws -> TemporaryRedis {
        try started.get()
    }
}

/// One gateway's part in a test.
struct Gateway: Sendable {
    let limiter: RateLimiter
    let redis: RedisClient
    let loop: any EventLoop

    /// Decides on the event loop, as the gateway does.
    func decide(_ demands: [Demand]) async throws -> Verdict {
        let promise = loop.makePromise(of: Verdict.self)
        loop.execute { limiter.decide(demands, on: loop) { promise.succeed($0) } }
        return try await promise.futureResult.get()
    }

    func decide(_ demand: Demand) async throws -> Standing {
        guard let standing = try await decide([demand]).limits.first else { throw ChildProcess.Failure("no standing") }
        return standing
    }
}

/// Runs gateways, each with a client of its own, for as long as the body takes.
func withGateways<R: Sendable>(
    _ count: Int, to url: String, isRunning: Bool = true, timeout: TimeAmount = .seconds(20),
    configure: (inout RateLimiterConfiguration) -> Void = { _ in },
    _ body: ([Gateway]) async throws -> R
) async throws -> R {
    var redisConfiguration = try RedisConfiguration(url: url)
    // Long enough for two busy cores; tests of outages set their own.
    redisConfiguration.commandTimeout = timeout
    redisConfiguration.breakerPause = .milliseconds(200)
    var configuration = RateLimiterConfiguration()
    configure(&configuration)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
    var gateways: [Gateway] = []
    var clients: [Task<Void, any Error>] = []
    var limiters: [Task<Void, any Error>] = []
    for loop in group.makeIterator() {
        let redis = RedisClient(configuration: redisConfiguration, eventLoopGroup: loop, logger: .silent)
        let limiter = RateLimiter(redis: redis, configuration: configuration, logger: .silent)
        gateways.append(Gateway(limiter: limiter, redis: redis, loop: loop))
        clients.append(Task { try await redis.run() })
        if isRunning { limiters.append(Task { try await limiter.run() }) }
    }
    let result: Result<R, any Error>
    do {
        result = .success(try await body(gateways))
    } catch {
        result = .failure(error)
    }
    for tasks in [limiters, clients] {
        for task in tasks { task.cancel() }
        for task in tasks { try await task.value }
    }
    try await group.shutdownGracefully()
    return try result.get()
}

/// Comes back when the condition holds; the test's own time limit is the bound.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() {
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// A subject nobody else uses.
func freshSubject() -> String { "subject-\(UInt64.random(in: 0...(.max)))" }

extension Demand {
    var redisKey: String {
        guard case .bytes(let bytes) = RateKey(subject: subject).redisKey(policy) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension TemporaryRedis {
    /// Makes it look as if the key had been used so much earlier.
    func age(_ demand: Demand, by duration: Duration) throws {
        let microseconds = Int(duration / .microseconds(1))
        try execute(
            "EVAL",
            "redis.call('SET', KEYS[1], string.format('%.0f', redis.call('GET', KEYS[1]) - ARGV[1]), 'KEEPTTL')",
            "1", demand.redisKey, "\(microseconds)")
    }

    /// Names of keys that have no time to live.
    func eternalKeys() throws -> String {
        try execute(
            "EVAL",
            """
            local found = {}
            for _, key in ipairs(redis.call('KEYS', '*')) do
                if redis.call('PTTL', key) == -1 then found[#found + 1] = key end
            end
            return table.concat(found, ' ')
            """, "0")
    }

    /// Keys, counted.
    func keyCount() throws -> Int { Int(try execute("DBSIZE")) ?? -1 }
}

extension Logger {
    static var silent: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }
}
