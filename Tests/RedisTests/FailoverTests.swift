import GatehouseTesting
import NIOCore
import Redis
import Testing

@Suite(.timeLimit(.minutes(5))) struct FailoverTests {
    private func address(_ server: TemporaryRedis) -> String { "127.0.0.1:\(server.port)" }

    /// A replica that has its primary's data.
    private func replica(of primary: TemporaryRedis, users: [String] = []) async throws -> TemporaryRedis {
        let replica = try TemporaryRedis(role: .replica(ofPort: primary.port), users: users)
        try await eventually { try replica.execute("INFO", "replication").contains("master_link_status:up") }
        return replica
    }

    private func port(_ client: RedisClient) async throws -> Int? {
        try await client.send(RedisCommand("CONFIG", ["GET", "port"])).array?.last?.int
    }

    @Test("a dead first host is passed over")
    func deadFirst() async throws {
        let (dead, alive) = (try TemporaryRedis(), try TemporaryRedis())
        dead.stop()
        try await withClient(to: "redis://\(address(dead)),\(address(alive))") { (client, _) async throws in
            #expect(try await port(client) == alive.port)
        }
    }

    @Test("a hung first host is passed over")
    func hungFirst() async throws {
        let (hung, alive) = (try TemporaryRedis(), try TemporaryRedis())
        hung.suspend()
        try await withClient(
            to: "redis://\(address(hung)),\(address(alive))", { $0.connectTimeout = .milliseconds(300) }
        ) { (client, _) async throws in
            try await client.whenAnswering()
            #expect(try await port(client) == alive.port)
        }
        hung.resume()
    }

    @Test("a replica as the first host is passed over")
    func replicaFirst() async throws {
        let primary = try TemporaryRedis()
        let replica = try await replica(of: primary)
        try await withClient(to: "redis://\(address(replica)),\(address(primary))") { (client, _) async throws in
            #expect(try await port(client) == primary.port)
            let events = client.subscribe(["c"])
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == .connected)
            #expect(try primary.execute("PUBSUB", "NUMSUB", "c") == "c\n1")
        }
    }

    @Test("a replica alone is unavailable, and used once it is promoted")
    func promotion() async throws {
        let primary = try TemporaryRedis()
        let replica = try await replica(of: primary)
        let lines = LogLines()
        try await withClient(to: "redis://\(address(replica))", logger: lines.logger) { (client, _) async throws in
            let error = await failure { () async throws(RedisError) in try await client.send(RedisCommand("PING")) }
            #expect(error == .unavailable)
            try replica.execute("REPLICAOF", "NO", "ONE")
            try await client.whenAnswering()
        }
        #expect(lines.all.contains { $0.contains("not a primary") })
    }

    @Test("a server that refuses a write as a replica is left for the next host")
    func readOnly() async throws {
        let primary = try TemporaryRedis()
        // Nobody may ask for the role here, so that only a write shows it.
        let users = ["default on nopass ~* &* +@all -role"]
        let replica = try await replica(of: primary, users: users)
        try await withClient(to: "redis://\(address(replica)),\(address(primary))") { (client, _) async throws in
            #expect(try await port(client) == replica.port)
            let error = await failure { () async throws(RedisError) in
                try await client.send(RedisCommand("SET", ["k", "v"]))
            }
            #expect(error == .unavailable)
            try await client.whenAnswering()
            #expect(try await port(client) == primary.port)
            #expect(try await client.send(RedisCommand("SET", ["k", "v"])) == .simple("OK"))
        }
    }

    @Test("when a primary becomes a replica its clients go to the new primary, subscriptions too")
    func switchover() async throws {
        let first = try TemporaryRedis()
        let second = try await replica(of: first)
        try await withClient(to: "redis://\(address(first)),\(address(second))") { (client, _) async throws in
            #expect(try await port(client) == first.port)
            var events = client.subscribe(["c"]).makeAsyncIterator()
            #expect(await events.next() == .connected)
            try second.execute("REPLICAOF", "NO", "ONE")
            try first.execute("REPLICAOF", "127.0.0.1", "\(second.port)")
            // As a sentinel does.
            try first.execute("CLIENT", "KILL", "TYPE", "normal")
            try first.execute("CLIENT", "KILL", "TYPE", "pubsub")
            #expect(await events.next() == .disconnected)
            #expect(await events.next() == .connected)
            #expect(try second.execute("PUBSUB", "NUMSUB", "c") == "c\n1")
            try await client.whenAnswering()
            #expect(try await port(client) == second.port)
        }
    }

    @Test("the sentinels are asked in turn where the primary is")
    func sentinel() async throws {
        let primary = try TemporaryRedis(password: "s3cret")
        let dead = try TemporaryRedis()
        dead.stop()
        let sentinel = try TemporaryRedis(
            role: .sentinel(name: "main", port: primary.port), settings: ["sentinel auth-pass main s3cret"])
        let url = "redis+sentinel://:s3cret@\(address(dead)),\(address(sentinel))/1?master=main"
        try await withClient(to: url) { (client, _) async throws in
            #expect(try await port(client) == primary.port)
        }
        let lines = LogLines()
        let unknown = "redis+sentinel://:s3cret@\(address(sentinel))?master=other"
        try await withClient(to: unknown, logger: lines.logger) { (client, _) async throws in
            let error = await failure { () async throws(RedisError) in try await client.send(RedisCommand("PING")) }
            #expect(error == .unavailable)
        }
        #expect(lines.all.contains { $0.contains("does not know the primary's name") })
    }

    @Test(
        "sentinels that ask for a password get it, and a wrong one is told of", arguments: ["watched", "wrong", nil])
    func sentinelPassword(_ given: String?) async throws {
        let primary = try TemporaryRedis()
        let sentinel = try TemporaryRedis(role: .sentinel(name: "main", port: primary.port), password: "watched")
        let lines = LogLines()
        let url = "redis+sentinel://\(address(sentinel))?master=main"
        try await withClient(to: url, logger: lines.logger, { $0.sentinelPassword = given }) {
            (client, _) async throws in
            if given == "watched" {
                #expect(try await port(client) == primary.port)
                return
            }
            let error = await failure { () async throws(RedisError) in try await client.send(RedisCommand("PING")) }
            #expect(error == .unavailable)
            #expect(lines.all.contains { $0.contains(given == nil ? "login refused (NOAUTH)" : "(WRONGPASS)") })
            #expect(!lines.all.contains { $0.contains("wrong]") || $0.contains("watched") })
        }
    }

    @Test("a sentinel that is behind names a replica: its word is not taken, another's is")
    func staleSentinel() async throws {
        let primary = try TemporaryRedis()
        let replica = try await replica(of: primary)
        // It watches the replica as if that were the primary, and takes long to learn better.
        let behind = try TemporaryRedis(
            role: .sentinel(name: "main", port: replica.port), settings: ["sentinel down-after-milliseconds main 60000"]
        )
        let current = try TemporaryRedis(role: .sentinel(name: "main", port: primary.port))
        let url = "redis+sentinel://\(address(behind)),\(address(current))?master=main"
        try await withClient(to: url) { (client, _) async throws in
            #expect(try await port(client) == primary.port)
            #expect(try await client.send(RedisCommand("SET", ["k", "v"])) == .simple("OK"))
        }
    }

    @Test("three sentinels promote the replica of a dead primary: commands, scripts and subscriptions follow")
    func promotedBySentinels() async throws {
        let primary = try TemporaryRedis()
        let replica = try await replica(of: primary)
        let sentinels = try (0..<3).map { _ in
            try TemporaryRedis(
                role: .sentinel(name: "main", port: primary.port),
                settings: ["sentinel down-after-milliseconds main 500", "sentinel failover-timeout main 5000"])
        }
        try await eventually {
            try sentinels.allSatisfy { sentinel in
                let known = try sentinel.execute("SENTINEL", "MASTER", "main").split(whereSeparator: \.isNewline)
                return zip(known, known.dropFirst()).contains { $0 == ("num-other-sentinels", "2") }
                    && zip(known, known.dropFirst()).contains { $0 == ("num-slaves", "1") }
            }
        }
        let script = RedisScript("return redis.call('INCR', KEYS[1])")
        let url = "redis+sentinel://\(sentinels.map(address).joined(separator: ","))?master=main"
        try await withClient(to: url, { $0.connectTimeout = .seconds(1) }) { (client, _) async throws in
            #expect(try await client.evaluate(script, keys: ["n"], arguments: []).int == 1)
            var events = client.subscribe(["c"]).makeAsyncIterator()
            #expect(await events.next() == .connected)
            primary.stop()
            sentinels[0].stop()
            #expect(await events.next() == .disconnected)
            #expect(await events.next() == .connected)
            try await client.whenAnswering()
            #expect(try await port(client) == replica.port)
            // The script's digest is known here and not there.
            try replica.execute("SCRIPT", "FLUSH")
            #expect(try await client.evaluate(script, keys: ["m"], arguments: []).int == 1)
        }
    }
}
