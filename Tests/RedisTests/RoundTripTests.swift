import GatehouseTesting
import NIOCore
import Redis
import Testing

@Suite(.timeLimit(.minutes(5))) struct RoundTripTests {
    @Test(
        "bytes come back as they were set",
        arguments: [[], [0], Array("a\r\nb".utf8), Array(0...255), [UInt8](repeating: 0xA5, count: 1 << 20)]
            as [[UInt8]])
    func binary(bytes: [UInt8]) async throws {
        try await withClient(to: SharedServer.get().url()) { (client, _) async throws in
            let key = RedisArgument("binary-\(bytes.count)")
            #expect(try await client.send(RedisCommand("SET", [key, .bytes(bytes)])) == .simple("OK"))
            #expect(try await client.send(RedisCommand("GET", [key])) == .bulk(bytes))
        }
    }

    @Test("nothing, numbers and nested arrays come back as such")
    func kinds() async throws {
        try await withClient(to: SharedServer.get().url()) { (client, _) async throws in
            #expect(try await client.send(RedisCommand("GET", ["no such key"])) == .null)
            #expect(try await client.send(RedisCommand("INCRBY", ["kinds", -7])) == .integer(-7))
            let nested = "return {1, {2, {3, 'four', {}}}, false}"
            #expect(
                try await client.send(RedisCommand("EVAL", [.text(nested), 0]))
                    == .array([
                        .integer(1),
                        .array([.integer(2), .array([.integer(3), .bulk(Array("four".utf8)), .array([])])]), .null,
                    ]))
            // Ten elements, the other direction.
            let members = (0..<10).map { RedisArgument("m\($0)") }
            _ = try await client.send(RedisCommand("RPUSH", ["kinds-list"] + members))
            let list = try await client.send(RedisCommand("LRANGE", ["kinds-list", 0, -1])).array
            #expect(list?.compactMap(\.string) == (0..<10).map { "m\($0)" })
        }
    }

    @Test("an error answer is thrown with its prefix, and the connection goes on")
    func errors() async throws {
        try await withClient(to: SharedServer.get().url()) { (client, loops) async throws in
            _ = try await client.send(RedisCommand("SET", ["errors", "text"]))
            let wrongType = await failure { () async throws(RedisError) in
                try await client.send(RedisCommand("LPUSH", ["errors", 1]))
            }
            #expect(wrongType?.prefix == "WRONGTYPE")
            let unknown = await failure { () async throws(RedisError) in try await client.send(RedisCommand("NOSUCH")) }
            #expect(unknown?.prefix == "ERR")
            #expect(unknown?.isUnavailable == false)
            await #expect(throws: RedisError.self) {
                try await client.send(RedisCommand("NOSUCH"), on: loops[0]).get()
            }
            #expect(try await client.send(RedisCommand("GET", ["errors"])).string == "text")
        }
    }

    @Test("ten thousand concurrent commands from several loops and from none are answered to their callers")
    func pipelining() async throws {
        try await withClient(to: SharedServer.get().url(), loops: 3, { $0.maxPending = 20_000 }) {
            (client, loops) async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<10_000 {
                    group.addTask {
                        let command = RedisCommand("ECHO", [RedisArgument(number)])
                        let value =
                            number % 4 == 3
                            ? try await client.send(command)
                            : try await client.send(command, on: loops[number % 3]).get()
                        #expect(value.int == number)
                    }
                }
                try await group.waitForAll()
            }
            let names = try await client.send(RedisCommand("CLIENT", ["LIST"])).string ?? ""
            #expect(names.split(separator: "\n").filter { $0.contains("name=gatehouse") }.count >= 3)
        }
    }

    @Test("commands of one turn of the loop reach the server in few reads")
    func coalescing() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url(), { $0.heartbeatInterval = .hours(1) }) { (client, loops) async throws in
            _ = try await client.send(RedisCommand("PING"))
            func reads() throws -> Int {
                let line = try server.execute("INFO", "stats").split(whereSeparator: \.isNewline)
                    .first { $0.hasPrefix("total_reads_processed:") }
                return try #require(line?.split(separator: ":").last.flatMap { Int($0) })
            }
            let before = try reads()
            let answers = try await loops[0].flatSubmit {
                EventLoopFuture.whenAllSucceed(
                    (0..<500).map { client.send(RedisCommand("ECHO", [RedisArgument($0)]), on: loops[0]) }, on: loops[0]
                )
            }.get()
            #expect(answers.map(\.int) == Array(0..<500))
            #expect(try reads() - before < 25)
        }
    }

    @Test("the database of the URL is used")
    func database() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url(database: 5)) { (client, _) async throws in
            _ = try await client.send(RedisCommand("SET", ["where", "five"]))
        }
        try await withClient(to: server.url(database: 0)) { (client, _) async throws in
            #expect(try await client.send(RedisCommand("GET", ["where"])) == .null)
        }
    }

    @Test("a future asked for on a loop of another group is completed there")
    func foreignLoop() async throws {
        let url = try SharedServer.get().url()
        try await withClient(to: url) { (client, _) async throws in
            try await withClient(to: url) { _, others in
                let isThere = try await client.send(RedisCommand("PING"), on: others[0])
                    .map { _ in others[0].inEventLoop }.get()
                #expect(isThere)
            }
        }
    }

    @Test("an answer larger than allowed ends the connection with a typed error, and the next one is good")
    func largeAnswer() async throws {
        try await withClient(to: SharedServer.get().url(), { $0.maxReplySize = 10_000 }) { (client, _) async throws in
            _ = try await client.send(RedisCommand("SET", ["large", .bytes([UInt8](repeating: 1, count: 20_000))]))
            let error = await failure { () async throws(RedisError) in
                try await client.send(RedisCommand("GET", ["large"]))
            }
            #expect(error == .protocolViolation)
            try await client.whenAnswering()
        }
    }
}
