import GatehouseTesting
import NIOConcurrencyHelpers
import NIOCore
import Redis
import Testing

@Suite(.timeLimit(.minutes(5))) struct SubscriptionTests {
    private func subscribers(_ channel: String, _ server: TemporaryRedis) throws -> Int {
        let text = try server.execute("PUBSUB", "NUMSUB", channel)
        return text.split(separator: "\n").last.flatMap { Int($0) } ?? -1
    }

    @Test("messages arrive in order with any bytes, after connected")
    func messages() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url()) { (client, _) async throws in
            var events = client.subscribe(["a", "b"]).makeAsyncIterator()
            #expect(await events.next() == .connected)
            client.publish("a", [0, 13, 10, 255])
            client.publish("b", [])
            client.publish("c", [1])
            client.publish("a", Array("last".utf8))
            #expect(await events.next() == .message("a", [0, 13, 10, 255]))
            #expect(await events.next() == .message("b", []))
            #expect(await events.next() == .message("a", Array("last".utf8)))
        }
    }

    @Test("streams of one channel share one subscription, and the last one to go ends it")
    func sharing() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url()) { (client, _) async throws in
            var first = client.subscribe(["c", "c"]).makeAsyncIterator()
            #expect(await first.next() == .connected)
            let task = Task {
                var second = client.subscribe(["c", "d"]).makeAsyncIterator()
                let events = [await second.next(), await second.next()]
                return (events, await second.next())
            }
            try await eventually { try subscribers("d", server) == 1 }
            #expect(try subscribers("c", server) == 1)
            client.publish("c", [7])
            #expect(await first.next() == .message("c", [7]))
            task.cancel()
            _ = await task.value
            try await eventually { try subscribers("d", server) == 0 }
            #expect(try subscribers("c", server) == 1)
            client.publish("c", [8])
            #expect(await first.next() == .message("c", [8]))
            let pubsub = try server.execute("CLIENT", "LIST", "TYPE", "pubsub")
            #expect(pubsub.split(separator: "\n").count == 1)
        }
    }

    @Test("a dropped stream ends its subscription and, as the last, the connection; a new one begins anew")
    func dropping() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url()) { (client, _) async throws in
            for _ in 0..<3 {
                do {
                    var events = client.subscribe(["c"]).makeAsyncIterator()
                    #expect(await events.next() == .connected)
                }
                try await eventually { try server.execute("CLIENT", "LIST", "TYPE", "pubsub").isEmpty }
            }
        }
    }

    @Test("after a restart of the server the subscription is made again, once")
    func restart() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url()) { (client, _) async throws in
            var events = client.subscribe(["c"]).makeAsyncIterator()
            #expect(await events.next() == .connected)
            for round in 0..<3 as Range<UInt8> {
                try server.restart()
                #expect(await events.next() == .disconnected)
                #expect(await events.next() == .connected)
                #expect(try subscribers("c", server) == 1)
                try await client.whenAnswering()
                client.publish("c", [round])
                #expect(await events.next() == .message("c", [round]))
            }
        }
    }

    @Test("after CLIENT KILL the subscription is made again, once")
    func kill() async throws {
        let server = try TemporaryRedis()
        try await withClient(to: server.url()) { (client, _) async throws in
            var events = client.subscribe(["c"]).makeAsyncIterator()
            #expect(await events.next() == .connected)
            for round in 0..<10 as Range<UInt8> {
                #expect(try server.execute("CLIENT", "KILL", "TYPE", "pubsub") == "1")
                #expect(await events.next() == .disconnected)
                #expect(await events.next() == .connected)
                #expect(try subscribers("c", server) == 1)
                client.publish("c", [round])
                #expect(await events.next() == .message("c", [round]))
            }
        }
    }

    @Test("a server that hangs is noticed, and the subscription made again when it goes on")
    func hang() async throws {
        let server = try TemporaryRedis()
        let configure = { (configuration: inout RedisConfiguration) in
            configuration.heartbeatInterval = .milliseconds(50)
            configuration.staleTimeout = .milliseconds(300)
            configuration.connectTimeout = .milliseconds(500)
        }
        try await withClient(to: server.url(), configure) { (client, _) async throws in
            var events = client.subscribe(["c"]).makeAsyncIterator()
            #expect(await events.next() == .connected)
            server.suspend()
            #expect(await events.next() == .disconnected)
            server.resume()
            #expect(await events.next() == .connected)
            try await eventually { try subscribers("c", server) == 1 }
        }
    }

    @Test("a silent server that is alive is not given up")
    func silence() async throws {
        let server = try TemporaryRedis()
        let configure = { (configuration: inout RedisConfiguration) in
            configuration.heartbeatInterval = .milliseconds(20)
            configuration.staleTimeout = .seconds(2)
        }
        try await withClient(to: server.url(), configure) { (client, _) async throws in
            var events = client.subscribe(["c"]).makeAsyncIterator()
            #expect(await events.next() == .connected)
            // PING is counted with the calls of all connections.
            func pings() throws -> Int {
                let line = try server.execute("INFO", "commandstats").split(whereSeparator: \.isNewline)
                    .first { $0.hasPrefix("cmdstat_ping:calls=") }
                return line?.split(separator: "=")[1].split(separator: ",").first.flatMap { Int($0) } ?? 0
            }
            try await eventually { try pings() > 250 }
            client.publish("c", [1])
            #expect(await events.next() == .message("c", [1]))
        }
    }

    @Test("a slow reader loses messages, hears connected again, and then what follows")
    func slowReader() async throws {
        let server = try TemporaryRedis()
        let configure = { (configuration: inout RedisConfiguration) in
            configuration.maxBufferedEvents = 10
            configuration.heartbeatInterval = .milliseconds(20)
        }
        try await withClient(to: server.url(), configure) { (client, _) async throws in
            let stream = client.subscribe(["c"])
            var events = stream.makeAsyncIterator()
            #expect(await events.next() == .connected)
            for number in 0..<100 as Range<UInt8> {
                // The answer comes after the message was written to the subscription.
                _ = try await client.send(RedisCommand("PUBLISH", ["c", .bytes([number])]))
            }
            let last = Task {
                while !Task.isCancelled {
                    client.publish("c", [100])
                    try? await Task.sleep(nanoseconds: 5_000_000)
                }
            }
            var heard: [RedisSubscriptionEvent] = []
            while heard.last != .message("c", [100]) { heard.append(try #require(await events.next())) }
            last.cancel()
            #expect(Array(heard.prefix(10)) == (0..<10 as Range<UInt8>).map { .message("c", [$0]) })
            // Wherever messages are missing it was said, after the last before and before the next.
            var expected: UInt8 = 0
            var isTold = false
            for event in heard {
                switch event {
                case .connected: isTold = true
                case .disconnected: Issue.record("disconnected")
                case .message(_, let payload):
                    #expect(payload == [expected] || isTold)
                    (expected, isTold) = (try #require(payload.first) + 1, false)
                }
            }
        }
    }

    @Test("streams end when the client is closed, those asked for later too")
    func closing() async throws {
        let server = try TemporaryRedis()
        let (client, stream) = try await withClient(to: server.url()) { (client, _) async throws in
            let stream = client.subscribe(["c"])
            try await eventually { try subscribers("c", server) == 1 }
            return (client, stream)
        }
        var rest: [RedisSubscriptionEvent] = []
        for await event in stream { rest.append(event) }
        #expect(rest == [.connected])
        for await _ in client.subscribe([]) { Issue.record("an event of no channel") }
    }

    @Test("subscriptions wait for a server that is not there yet")
    func early() async throws {
        let server = try TemporaryRedis()
        server.stop()
        try await withClient(to: server.url()) { (client, _) async throws in
            var events = client.subscribe(["c"]).makeAsyncIterator()
            let first = await failure { () async throws(RedisError) in try await client.send(RedisCommand("PING")) }
            #expect(first == .unavailable)
            try server.start()
            #expect(await events.next() == .connected)
        }
    }
}
