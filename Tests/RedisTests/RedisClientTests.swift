import GatehouseTesting
import Logging
import NIOCore
import NIOPosix
import Redis
import Testing

private let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// Runs a client for as long as `body` takes.
private func withClient<R: Sendable>(
    _ url: String, password: String? = nil, waits: Bool = true, _ body: (RedisClient) async throws -> R
) async throws -> R {
    var configuration = try RedisConfiguration(url: url, password: password)
    configuration.commandTimeout = .seconds(2)
    configuration.hangTimeout = .seconds(3)
    let client = RedisClient(
        configuration: configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: silent)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await client.run() }
        if waits { try await eventually { client.isAvailable } }
        defer { group.cancelAll() }
        return try await body(client)
    }
}

private func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(10)) }
}

@Suite("Redis", .timeLimit(.minutes(2)))
struct RedisClientTests {
    @Test("values of every kind come back as they are")
    func values() async throws {
        let server = try TemporaryRedis()
        try await withClient("redis://127.0.0.1:\(server.port)") { client in
            let bytes = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0) }
            #expect(try await client.send(RedisCommand("SET", ["k", .bytes(bytes)])) == .simple("OK"))
            #expect(try await client.send(RedisCommand("GET", ["k"])) == .bulk(bytes))
            _ = try await client.send(RedisCommand("SET", ["empty", ""]))
            #expect(try await client.send(RedisCommand("GET", ["empty"])) == .bulk([]))
            #expect(try await client.send(RedisCommand("GET", ["none"])) == .null)
            #expect(try await client.send(RedisCommand("INCRBY", ["n", 41])).int == 41)
            let nested = try await client.send(RedisCommand("EVAL", ["return {1,{'a',{}},false}", 0]))
            #expect(nested == .array([.integer(1), .array([.bulk([97]), .array([])]), .null]))
            await #expect(throws: RedisError.server(prefix: "ERR", message: "value is not an integer or out of range"))
            {
                try await client.send(RedisCommand("INCR", ["k"]))
            }
        }
    }

    @Test("ten thousand commands at once are each answered to their caller, in few packets")
    func pipelining() async throws {
        let server = try TemporaryRedis()
        try await withClient("redis://127.0.0.1:\(server.port)") { client in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<10_000 {
                    group.addTask {
                        let echo = try await client.send(RedisCommand("ECHO", [.integer(Int64(number))]))
                        return echo.string == String(number)
                    }
                }
                for try await isOwn in group { #expect(isOwn) }
            }
        }
    }

    @Test("a script is sent once, and again when the server has forgotten it")
    func scripts() async throws {
        let server = try TemporaryRedis()
        try await withClient("redis://127.0.0.1:\(server.port)") { client in
            let script = RedisScript("return {KEYS[1], ARGV[1]}")
            for _ in 0..<2 {
                for _ in 0..<2 {
                    let answer = try await client.evaluate(script, keys: ["a"], arguments: [7])
                    #expect(answer == .array([.bulk([97]), .bulk([55])]))
                }
                try server.run("script", "flush")
            }
        }
    }

    @Test("a subscription survives a killed connection and a restart, and never doubles")
    func subscription() async throws {
        let server = try TemporaryRedis()
        try await withClient("redis://127.0.0.1:\(server.port)") { client in
            var events = client.subscribe(["news"]).makeAsyncIterator()
            func next(_ expected: RedisSubscriptionEvent) async {
                while let event = await events.next(), event != expected { #expect(event == .disconnected) }
            }
            await next(.connected)
            client.publish("news", Array("one".utf8))
            #expect(await events.next() == .message("news", Array("one".utf8)))
            try server.run("client", "kill", "type", "pubsub")
            await next(.connected)
            #expect(try server.run("pubsub", "numsub", "news").contains("1"))
            server.stop()
            try server.start()
            await next(.connected)
            try await eventually { client.isAvailable }
            try server.run("publish", "news", "two")
            #expect(await events.next() == .message("news", Array("two".utf8)))
        }
    }

    @Test("the password is needed, and may be given apart")
    func password() async throws {
        let server = try TemporaryRedis(password: "s3cret/@:")
        try await withClient("redis://127.0.0.1:\(server.port)", password: "s3cret/@:") { (client) async throws in
            #expect(try await client.send(RedisCommand("PING")) == .simple("PONG"))
        }
        try await withClient("redis://:s3cret%2F%40%3A@127.0.0.1:\(server.port)") { (client) async throws in
            #expect(try await client.send(RedisCommand("PING")) == .simple("PONG"))
        }
        try await withClient("redis://:wrong@127.0.0.1:\(server.port)", waits: false) { (client) async throws in
            try await Task.sleep(for: .milliseconds(300))
            await #expect(throws: RedisError.unavailable) { try await client.send(RedisCommand("PING")) }
        }
    }

    @Test("dead hosts and replicas are passed over")
    func hosts() async throws {
        let primary = try TemporaryRedis()
        let replica = try TemporaryRedis(replicaOf: primary.port)
        let dead = try FreePort.take(1)[0]
        let url = "redis://127.0.0.1:\(dead),127.0.0.1:\(replica.port),127.0.0.1:\(primary.port)"
        try await withClient(url) { (client) async throws in
            #expect(try await client.send(RedisCommand("SET", ["a", "b"])) == .simple("OK"))
        }
    }

    @Test("a hung server times calls out and is used again when it wakes")
    func hang() async throws {
        let server = try TemporaryRedis()
        try await withClient("redis://127.0.0.1:\(server.port)") { client in
            server.suspend()
            await #expect(throws: RedisError.timeout) {
                try await client.send(RedisCommand("PING"), deadline: .now() + .milliseconds(50))
            }
            server.resume()
            try await eventually { (try? await client.send(RedisCommand("PING"))) == .simple("PONG") }
        }
    }

    @Test("across a restart every call ends, and calls succeed again")
    func restart() async throws {
        let server = try TemporaryRedis()
        try await withClient("redis://127.0.0.1:\(server.port)") { client in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        var failures = 0
                        for _ in 0..<300 {
                            do throws(RedisError) {
                                _ = try await client.send(RedisCommand("PING"))
                            } catch {
                                failures += 1
                                #expect([.closed, .unavailable, .timeout].contains(error))
                            }
                            try await Task.sleep(for: .milliseconds(1))
                        }
                        return failures
                    }
                }
                server.stop()
                try server.start()
                try await group.waitForAll()
            }
            try await eventually { (try? await client.send(RedisCommand("PING"))) == .simple("PONG") }
        }
    }
}

@Suite("Redis addresses")
struct RedisConfigurationTests {
    @Test("addresses are read")
    func reads() throws {
        let plain = try RedisConfiguration(url: "redis://u:p%40@h1:1,h2/3")
        #expect(plain.hosts == [.init(name: "h1", port: 1), .init(name: "h2", port: 6379)])
        #expect(plain.username == "u")
        #expect(plain.password == "p@")
        #expect(plain.database == 3)
        let sentinel = try RedisConfiguration(url: "redis+sentinel://[::1]:5,h/0?master=main", password: "x")
        #expect(sentinel.hosts == [.init(name: "::1", port: 5), .init(name: "h", port: 26_379)])
        #expect(sentinel.masterName == "main")
        #expect(!"\(sentinel)".contains("x"))
    }

    @Test(
        "what is wrong is said, without the password",
        arguments: [
            "http://h", "redis://", "redis://:hush@h:0", "redis://:hush@h:99999", "redis://:hush@h:x", "redis://h/x",
            "redis+sentinel://:hush@h", "redis://:hush%@h", "redis://h,,g",
        ])
    func faults(url: String) {
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
        #expect(error.map { "\($0)" }?.contains("hush") == false)
    }
}
