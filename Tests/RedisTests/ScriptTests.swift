import GatehouseTesting
import NIOCore
import Redis
import Testing

@Suite(.timeLimit(.minutes(5))) struct ScriptTests {
    private func expectSum(_ script: RedisScript, _ client: RedisClient) async throws {
        let value = try await client.evaluate(script, keys: ["k1", "k2"], arguments: [20, 22])
        #expect(value == .array([.bulk(Array("k2".utf8)), .integer(42)]))
    }

    private let script = RedisScript("return {KEYS[2], ARGV[1] + ARGV[2]}")

    @Test("a script is loaded once and then run by its digest")
    func loading() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url()) { (client, loops) async throws in
            for _ in 0..<5 { try await expectSum(script, client) }
            let future = client.evaluate(script, keys: ["a", "b"], arguments: [1, 2], on: loops[0])
            #expect(try await future.get() == .array([.bulk(Array("b".utf8)), .integer(3)]))
            let statistics = try server.execute("INFO", "commandstats")
            #expect(statistics.contains("cmdstat_script|load:calls=1,"))
            #expect(statistics.contains("cmdstat_evalsha:calls=6,"))
            #expect(!statistics.contains("cmdstat_eval:"))
        }
    }

    @Test("a flushed script is loaded again without the caller's knowledge, also under load")
    func flush() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url(), loops: 2) { (client, loops) async throws in
            try await expectSum(script, client)
            try server.execute("SCRIPT", "FLUSH")
            try await expectSum(script, client)
            try server.execute("SCRIPT", "FLUSH")
            let script = script
            try await withThrowingTaskGroup(of: RedisValue.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        try await client.evaluate(script, keys: ["a", "b"], arguments: [1, 2], on: loops[number % 2])
                            .get()
                    }
                }
                for try await value in group { #expect(value.array?.last == .integer(3)) }
            }
        }
    }

    @Test("a script runs after a restart of the server")
    func restart() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url()) { (client, _) async throws in
            try await expectSum(script, client)
            try server.restart()
            try await client.whenAnswering()
            try await expectSum(script, client)
        }
    }

    @Test("errors of a script, at loading and at running, reach the caller")
    func errors() async throws {
        try await withClient(to: SharedServer.get().url()) { (client, _) async throws in
            let bad = await failure { () async throws(RedisError) in
                try await client.evaluate(RedisScript("this is no Lua"), keys: [], arguments: [])
            }
            #expect(bad?.prefix == "ERR")
            let failing = await failure { () async throws(RedisError) in
                try await client.evaluate(
                    RedisScript("return redis.error_reply('MINE not today')"), keys: [], arguments: [])
            }
            #expect(failing?.prefix == "MINE")
        }
    }
}
