import GatehouseTesting
import NIOCore
import NIOPosix
import Redis
import Testing

@Suite(.timeLimit(.minutes(5))) struct FaultTests {
    private func ping(_ client: RedisClient, _ command: RedisCommand = RedisCommand("PING")) async -> RedisError? {
        await failure { () async throws(RedisError) in try await client.send(command) }
    }

    /// Short bounds, as in production.
    private func strict(_ configuration: inout RedisConfiguration) {
        configuration.commandTimeout = .milliseconds(100)
        configuration.hangTimeout = .seconds(1)
        configuration.connectTimeout = .seconds(1)
        configuration.breakerPause = .milliseconds(300)
    }

    @Test("a hung server: timeouts, then calls fail at once; it is used again when it goes on")
    func hang() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url(), strict) { (client, _) async throws in
            try await client.whenAnswering()
            #expect(client.isAvailable)
            server.suspend()
            var errors: [RedisError?] = []
            for _ in 0..<20 { errors.append(await ping(client)) }
            #expect(errors.first == .timeout)
            // Five in a row open the breaker, or the heartbeat has helped it; nothing waits any more.
            #expect(errors.prefix { $0 == .timeout }.count <= 5)
            #expect(errors.last == .unavailable)
            #expect(!client.isAvailable)
            let crowd = await withTaskGroup(of: RedisError?.self) { group in
                for _ in 0..<1000 { group.addTask { await ping(client) } }
                return await group.reduce(into: Set<RedisError?>()) { $0.insert($1) }
            }
            #expect(crowd == [.unavailable])
            server.resume()
            try await client.whenAnswering()
            try await eventually { client.isAvailable }
        }
    }

    @Test("a hung server is noticed without anybody asking")
    func idleHang() async throws {
        let server = try TemporaryRedis()
        let configure = { (configuration: inout RedisConfiguration) in
            strict(&configuration)
            configuration.heartbeatInterval = .milliseconds(100)
        }
        try await withClient(to: server.url(), configure) { (client, _) async throws in
            try await eventually { client.isAvailable }
            server.suspend()
            try await eventually { !client.isAvailable }
            server.resume()
            try await eventually { client.isAvailable }
        }
    }

    @Test("a server that is merely slow opens the breaker, and its answer to a probe closes it")
    func slow() async throws {
        let server = try TemporaryRedis(settings: ["enable-debug-command yes"])
        let configure = { (configuration: inout RedisConfiguration) in
            strict(&configuration)
            configuration.breakerThreshold = 1
            // Long enough for the next call to come within it on a busy machine.
            configuration.breakerPause = .seconds(8)
            configuration.hangTimeout = .minutes(1)
        }
        try await withClient(to: server.url(), configure) { (client, loops) async throws in
            try await client.whenAnswering()
            let before = try await client.send(RedisCommand("CLIENT", ["ID"])).int
            #expect(await ping(client, RedisCommand("DEBUG", ["SLEEP", "0.5"])) == .timeout)
            #expect(await ping(client) == .unavailable)
            try await client.whenAnswering()
            #expect(try await client.send(RedisCommand("CLIENT", ["ID"])).int == before, "the connection stayed")
        }
    }

    @Test("without a server calls fail at once, however many, and nothing is kept")
    func down() async throws {
        let server = try TemporaryRedis()
        server.stop()
        let lines = LogLines()
        try await withClient(to: server.url(), loops: 2, logger: lines.logger) { (client, loops) async throws in
            let errors = await withTaskGroup(of: RedisError?.self) { group in
                for number in 0..<5000 {
                    group.addTask {
                        guard number % 2 == 0 else { return await ping(client) }
                        do {
                            _ = try await client.send(RedisCommand("PING"), on: loops[number % 4 / 2]).get()
                            return nil
                        } catch {
                            return error as? RedisError
                        }
                    }
                }
                return await group.reduce(into: Set<RedisError?>()) { $0.insert($1) }
            }
            #expect(errors == [.unavailable])
            #expect(!client.isAvailable)
            try server.start()
            try await client.whenAnswering()
        }
        #expect(lines.all.filter { $0.contains("can't be used") }.count <= 4, "once for a loop and reason")
    }

    @Test("restarts under load: every call ends with an answer or a typed error")
    func restarts() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url(), loops: 2, strict) { (client, loops) async throws in
            try await client.whenAnswering()
            let load = Task {
                var outcomes: [String: Int] = [:]
                while !Task.isCancelled {
                    await withTaskGroup(of: String.self) { group in
                        for number in 0..<100 {
                            group.addTask {
                                do {
                                    let command = RedisCommand("ECHO", [RedisArgument(number)])
                                    let value =
                                        number % 2 == 0
                                        ? try await client.send(command)
                                        : try await client.send(command, on: loops[number % 4 / 2]).get()
                                    return value.int == number ? "right" : "wrong"
                                } catch let error as RedisError {
                                    return "\(error)"
                                } catch {
                                    return "untyped"
                                }
                            }
                        }
                        for await outcome in group { outcomes[outcome, default: 0] += 1 }
                    }
                }
                return outcomes
            }
            for _ in 0..<5 {
                try server.restart()
                try await client.whenAnswering()
            }
            load.cancel()
            let outcomes = await load.value
            #expect(outcomes["right", default: 0] > 0)
            #expect(Set(outcomes.keys).isSubset(of: ["right", "unavailable", "timeout", "cancelled"]), "\(outcomes)")
            #expect(await ping(client) == nil)
        }
    }

    @Test("a killed connection is made again")
    func kill() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url()) { (client, _) async throws in
            for _ in 0..<20 {
                try await client.whenAnswering()
                try server.execute("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            }
            try await client.whenAnswering()
        }
    }

    @Test("more commands than may wait are refused while those before are answered")
    func overload() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url(), { $0.maxPending = 10 }) { (client, loops) async throws in
            try await client.whenAnswering()
            let results = try await loops[0].flatSubmit {
                EventLoopFuture.whenAllComplete(
                    (0..<30).map { client.send(RedisCommand("ECHO", [RedisArgument($0)]), on: loops[0]) }, on: loops[0])
            }.get()
            let answered = results.compactMap { try? $0.get().int }
            #expect(answered == Array(0..<10))
            for case .failure(let error) in results { #expect(error as? RedisError == .overloaded) }
        }
    }

    @Test("a cancelled task gets its error though the server hangs, and later answers go to the right callers")
    func cancellation() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url()) { (client, _) async throws in
            try await client.whenAnswering()
            server.suspend()
            let waiting = Task { await ping(client, RedisCommand("ECHO", ["lost"])) }
            waiting.cancel()
            #expect(await waiting.value == .cancelled)
            server.resume()
            #expect(try await client.send(RedisCommand("ECHO", ["found"])).string == "found")
        }
    }

    @Test("commands sent before shutdown are answered, later ones are refused as closed")
    func shutdown() async throws {
        let server = try TemporaryRedis()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let client = RedisClient(
            configuration: try RedisConfiguration(url: server.url()), eventLoopGroup: group, logger: .silent)
        try await client.whenAnswering()
        let running = Task { try await client.run() }
        let sent = (0..<100).map { client.send(RedisCommand("ECHO", [RedisArgument($0)]), on: loop) }
        running.cancel()
        try await running.value
        for (number, future) in sent.enumerated() { #expect(try await future.get().int == number) }
        #expect(await ping(client) == .closed)
        #expect(!client.isAvailable)
        try await group.shutdownGracefully()
    }

    @Test("a full server refuses writes with its own error and goes on answering reads")
    func full() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url()) { (client, _) async throws in
            _ = try await client.send(RedisCommand("SET", ["k", "v"]))
            try server.execute("CONFIG", "SET", "maxmemory", "1")
            let error = await ping(client, RedisCommand("SET", ["k", "w"]))
            #expect(error?.prefix == "OOM")
            #expect(error?.isUnavailable == true)
            #expect(try await client.send(RedisCommand("GET", ["k"])).string == "v")
        }
    }

    @Test("a server that may evict keys is warned of, one that may not is not")
    func eviction() async throws {
        for (policy, isWarned) in [("allkeys-lru", true), ("noeviction", false)] {
            let server = try TemporaryRedis(settings: ["maxmemory-policy \(policy)"])
            let lines = LogLines()
            try await withClient(to: server.url(), logger: lines.logger) { (client, _) async throws in
                try await eventually { client.isAvailable }
                // Answered after the question for the policy, which was sent first on this connection.
                try await client.whenAnswering()
            }
            #expect(lines.all.contains { $0.contains("may evict keys") && $0.contains(policy) } == isWarned)
        }
    }
}
