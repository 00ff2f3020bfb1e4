import GatehouseTesting
import NIOCore
import Redis
import Testing

@Suite(.timeLimit(.minutes(5))) struct LoginTests {
    private let users = [
        "worker on >w0rker ~* &* +@all", "narrow on >n4rrow ~open:* resetchannels &open +@all -role -info",
    ]

    private func ping(_ client: RedisClient) async -> RedisError? {
        await failure { () async throws(RedisError) in try await client.send(RedisCommand("PING")) }
    }

    @Test("the right password opens, also given apart and with characters that a URL must encode")
    func password() async throws {
        let server = try TemporaryRedis(password: "s3cret/@:")
        try await withClient(to: "redis://:s3cret%2F%40%3A@127.0.0.1:\(server.port)") { (client, _) async throws in
            #expect(await ping(client) == nil)
        }
        try await withClient(to: "redis://127.0.0.1:\(server.port)", { $0.password = "s3cret/@:" }) {
            (client, _) async throws in
            #expect(await ping(client) == nil)
        }
    }

    @Test("an ACL user logs in by name")
    func user() async throws {
        let server = try TemporaryRedis(password: "other", users: users)
        try await withClient(to: server.url(user: "worker", password: "w0rker")) { (client, _) async throws in
            let name = try await client.send(RedisCommand("ACL", ["WHOAMI"])).string
            #expect(name == "worker")
        }
    }

    @Test(
        "a wrong login makes the server unavailable, and is logged once without the password",
        arguments: [("", "wr0ng"), ("worker", "wr0ng"), ("nobody", "wr0ng")])
    func wrong(user: String, password: String) async throws {
        let server = try TemporaryRedis(password: "s3cret", users: users)
        let lines = LogLines()
        try await withClient(
            to: server.url(user: user, password: password), logger: lines.logger,
            { $0.reconnectMaximum = .milliseconds(50) }
        ) { (client, _) async throws in
            #expect(await ping(client) == .unavailable)
            #expect(!client.isAvailable)
            // Some further attempts.
            try await eventually { try attempts(server) > 20 }
        }
        #expect(lines.all.filter { $0.contains("login refused (WRONGPASS)") }.count == 1)
        #expect(!lines.all.contains { $0.contains(password) })
    }

    private func attempts(_ server: TemporaryRedis) throws -> Int {
        let line = try server.execute("INFO", "stats").split(whereSeparator: \.isNewline)
            .first { $0.hasPrefix("total_connections_received:") }
        return line?.split(separator: ":").last.flatMap { Int($0) } ?? 0
    }

    @Test("no password where one is asked for makes the server unavailable")
    func missing() async throws {
        let server = try TemporaryRedis(password: "s3cret")
        let lines = LogLines()
        try await withClient(to: "redis://127.0.0.1:\(server.port)", logger: lines.logger) { (client, _) async throws in
            #expect(await ping(client) == .unavailable)
        }
        #expect(lines.all.contains { $0.contains("login refused (NOAUTH)") })
    }

    @Test("a user who may not ask for the role works within what it may")
    func narrow() async throws {
        let server = try TemporaryRedis(users: users)
        try await withClient(to: server.url(user: "narrow", password: "n4rrow")) { (client, _) async throws in
            #expect(try await client.send(RedisCommand("SET", ["open:1", 1])) == .simple("OK"))
            let error = await failure { () async throws(RedisError) in
                try await client.send(RedisCommand("GET", ["closed"]))
            }
            #expect(error?.prefix == "NOPERM")
            #expect(client.isAvailable)
        }
    }

    @Test("a subscription to a channel the user may not read says so in the log and does not connect")
    func narrowSubscription() async throws {
        let server = try TemporaryRedis(users: users)
        let lines = LogLines()
        try await withClient(to: server.url(user: "narrow", password: "n4rrow"), logger: lines.logger) {
            (client, _) async throws in
            let events = client.subscribe(["closed"])
            try await eventually { lines.all.contains { $0.contains("subscribing refused (NOPERM)") } }
            withExtendedLifetime(events) {}
        }
    }
}
