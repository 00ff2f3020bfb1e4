import HTTPFields
import HTTP2
import NIOCore
import NIOEmbedded
import Testing

@Suite("HTTP/2 exchanges")
struct ExchangeTests {
    @Test("a request is answered, with its fields as they were sent")
    func roundTrip() throws {
        let wire = try Wire()
        let (receiver, _) = try wire.open("/a?b=c", fields: [("x-one", "1"), ("x-two", "zwei ü")])
        try wire.carry()
        #expect(receiver.status == 200)
        #expect(String(buffer: receiver.body) == "ok")
        #expect(receiver.isWhole)
        #expect(receiver.failure == nil)
        #expect(wire.delegate.heads.first?.path == "/a?b=c")
        #expect(wire.delegate.heads.first?.withValue(of: "x-two") { $0.elementsEqual("zwei ü".utf8) } == true)
        #expect(wire.delegate.heads.first?.value(of: "x-two") == "zwei \u{1A}\u{1A}", "no text to decide by")
        #expect(wire.client.activeStreams == 0)
    }

    @Test("a name that was told stands in the tables, so that a value that is kept out of them comes alone")
    func toldNames() throws {
        func open(_ wire: Wire) throws -> Int {
            var head = HeaderBlock()
            for (name, value) in [(":method", "GET"), (":scheme", "http"), (":authority", "x"), (":path", "/")] {
                head.append(name, value)
            }
            head.append("x-one", "value", unindexed: true)
            _ = try wire.client.open(head, body: .none, receiver: RecordingReceiver())
            return try wire.carry()
        }
        let (plain, telling) = (try Wire(), try Wire { $0.namesToTell = ["x-one", "x-two"] })
        let lengths = try (0..<3).map { _ in try open(telling) - open(plain) }
        #expect(lengths[0] > 0)
        #expect(lengths[1] < 0 && lengths[2] == lengths[1], "\(lengths)")
        // At first without a value, and before the field itself.
        let heads = telling.delegate.heads
        #expect(heads.map { $0.values(of: "x-one") } == [["", "value"], ["value"], ["value"]])
        #expect(heads.map { $0.values(of: "x-two") } == [[""], [], []])
    }

    @Test("names are told again after some hundred requests, and not where there are many fields")
    func namesToldAgain() throws {
        let wire = try Wire { $0.namesToTell = ["x-one"] }
        _ = try wire.open(fields: (0..<60).map { ("x-field-\($0)", "") })
        _ = try wire.open(fields: [("x-long", String(repeating: "x", count: 9000))])
        for _ in 0..<300 {
            _ = try wire.open()
            try wire.carry()
        }
        let told = wire.delegate.heads.indices.filter { !wire.delegate.heads[$0].values(of: "x-one").isEmpty }
        #expect(told.first == 2)
        #expect(told.count == 3)
    }

    @Test("a thousand streams share one connection, and their answers few writes")
    func manyStreams() throws {
        let wire = try Wire { $0.maxConcurrentStreams = 1000 }
        let receivers = try (0..<1000).map { _ in try wire.open().receiver }
        let before = wire.serverWrites
        try wire.carry()
        #expect(receivers.allSatisfy { $0.isWhole && $0.status == 200 })
        #expect(wire.serverWrites - before <= 4)
    }

    @Test("bodies far larger than a window arrive whole, both ways")
    func largeBodies() throws {
        let wire = try Wire {
            $0.maxBodySize = 8 << 20
            $0.initialWindowSize = 65_535
            $0.connectionWindowSize = 65_535
        }
        let body = ByteBuffer(repeating: 7, count: 3 << 20)
        wire.delegate.answer = { connection, stream in
            var head = HeaderBlock()
            head.append(":status", "200")
            connection.respond(head, body: body, on: stream)
        }
        let (receiver, _) = try wire.open(method: "POST", body: .full(body))
        try wire.carry()
        #expect(wire.delegate.received == 3 << 20)
        #expect(receiver.body == body)
        #expect(receiver.isWhole)
    }

    @Test("a receiver that does not consume stops the sender at the window")
    func backPressure() throws {
        let wire = try Wire {
            $0.maxBodySize = 8 << 20
            $0.initialWindowSize = 100_000
            $0.connectionWindowSize = 100_000
        }
        wire.delegate.consumes = false
        let (receiver, stream) = try wire.open(method: "POST", body: .streamed)
        for _ in 0..<20 { wire.client.write(ByteBuffer(repeating: 1, count: 50_000), on: stream) }
        try wire.carry()
        #expect(wire.delegate.received == 100_000)
        #expect(receiver.writability == [false])
    }

    @Test("a streamed body goes on when there is room again")
    func writability() throws {
        let wire = try Wire { $0.maxBodySize = 8 << 20 }
        let (receiver, stream) = try wire.open(method: "POST", body: .streamed)
        wire.client.write(ByteBuffer(repeating: 1, count: 200_000), on: stream)
        try wire.carry()
        #expect(receiver.writability == [false, true])
        wire.client.finish(on: stream)
        try wire.carry()
        #expect(receiver.isWhole)
    }

    @Test("a body over the limit ends its stream and no other")
    func bodyLimit() throws {
        let wire = try Wire { $0.maxBodySize = 1000 }
        let (over, _) = try wire.open(method: "POST", body: .full(ByteBuffer(repeating: 1, count: 1001)))
        let (edge, _) = try wire.open(method: "POST", body: .full(ByteBuffer(repeating: 1, count: 1000)))
        try wire.carry()
        #expect(over.failure != nil)
        #expect(wire.delegate.aborted == [.bodyTooLarge])
        #expect(edge.isWhole)
    }

    @Test("a request that is given up ends at the other side")
    func cancellation() throws {
        let wire = try Wire()
        wire.delegate.answer = { _, _ in }
        let (receiver, stream) = try wire.open()
        try wire.carry()
        wire.client.cancel(stream)
        try wire.carry()
        #expect(wire.delegate.aborted.count == 1)
        #expect(receiver.failure == nil, "who gives up is not told")
        #expect(wire.client.activeStreams == 0)
    }

    @Test("a server that resets a stream fails its request")
    func reset() throws {
        let wire = try Wire()
        wire.delegate.answer = { connection, stream in connection.reset(stream, code: 7) }
        let (receiver, _) = try wire.open()
        try wire.carry()
        #expect(receiver.failure == .refused)
        #expect(receiver.failure?.isSafeToRetry == true)
    }

    @Test("a server gets no request before it has said a word")
    func silence() throws {
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        var configuration = HTTP2Configuration()
        configuration.keepalive = nil
        let client = HTTP2ClientConnection(configuration: configuration) { _ in }
        try channel.pipeline.syncOperations.addHandler(client)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        channel.embeddedEventLoop.run()
        #expect(!client.canOpenStream)
        #expect(throws: HTTP2StreamError.unavailable) {
            try client.open(HeaderBlock(), body: .none, receiver: RecordingReceiver())
        }
        // SETTINGS, empty.
        try channel.writeInbound(ByteBuffer(bytes: [0, 0, 0, 4, 0, 0, 0, 0, 0]))
        #expect(client.canOpenStream)
    }

    @Test("draining answers what is open, refuses what is new, and closes")
    func drain() throws {
        let wire = try Wire()
        var late: [(HTTP2ServerConnection, HTTP2StreamID)] = []
        let answer = wire.delegate.answer
        wire.delegate.answer = { late.append(($0, $1)) }
        let (open, _) = try wire.open()
        try wire.carry()
        wire.server.drain()
        try wire.carry()
        wire.serverChannel.embeddedEventLoop.advanceTime(by: .seconds(1))
        try wire.carry()
        #expect(wire.states.last == .draining)
        let refused = #expect(throws: HTTP2StreamError.self) { try wire.open() }
        #expect(refused?.isSafeToRetry == true)
        #expect(open.failure == nil)
        for (connection, stream) in late { answer(connection, stream) }
        try wire.carry()
        #expect(open.isWhole)
        #expect(!wire.serverChannel.isActive || !wire.clientChannel.isActive)
    }

    @Test("a lost connection fails what was open")
    func lost() throws {
        let wire = try Wire()
        wire.delegate.answer = { _, _ in }
        let (receiver, _) = try wire.open()
        try wire.carry()
        wire.clientChannel.pipeline.fireChannelInactive()
        #expect(receiver.failure == .connectionClosed)
        #expect(wire.states.last == .closed)
    }

    @Test("a request with too many fields is answered 431 and never seen by the handler")
    func headerLimits() throws {
        let wire = try Wire { $0.maxHeaderCount = 20 }
        let (receiver, _) = try wire.open(fields: (0..<30).map { ("x-\($0)", "1") })
        let (edge, _) = try wire.open(fields: (0..<16).map { ("x-\($0)", "1") })
        try wire.carry()
        #expect(receiver.status == 431)
        #expect(edge.status == 200)
        #expect(wire.delegate.heads.count == 1)
    }
}
