import HTTP2
import HTTPFields
import HTTPTypes
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Kit

private struct NoQuery: RequestContent {
    init(from fields: inout FieldReader) {}
}

private struct Total: ResponseContent {
    let bytes: Int
    static let example = Total(bytes: 1)
    func write(to fields: inout some FieldSink) { fields.field("bytes", bytes) }
}

/// What went on behind a port.
private struct Counts {
    var taken = 0
    var given = 0
    var ended = 0
}

@Suite("Bodies that are taken and given as they come", .timeLimit(.minutes(5)))
struct StreamingTests {
    private static let key = "0123456789abcdef0123456789abcdef"
    private let counts = NIOLockedValueBox(Counts())
    private let isOpen = NIOLockedValueBox(false)

    /// `/sink` takes all there is, `/slow` waits until a gate is open, `/source` gives until nobody takes more.
    private func operations() -> [Operation] {
        let (counts, isOpen) = (counts, isOpen)
        let upload = { (path: String, isSlow: Bool) in
            Route(.post, path, id: path, tag: "t", summary: "Takes").stream(
                query: NoQuery.self, records: NoQuery.self, mediaTypes: ["text/csv"], limit: 8 << 20, answer: Total.self
            ) { _, _, body in
                defer { counts.withLockedValue { $0.ended += 1 } }
                var total = 0
                while isSlow, !isOpen.withLockedValue({ $0 }) { try await Task.sleep(for: .milliseconds(2)) }
                while let part = try await body.next() {
                    total += part.readableBytes
                    let now = total
                    counts.withLockedValue { $0.taken = now }
                }
                return Total(bytes: total)
            }
        }
        return [
            upload("/sink", false), upload("/slow", true),
            Route(.get, "/source", id: "source", tag: "t", summary: "Gives").respond(
                query: NoQuery.self, mediaType: "text/csv"
            ) { _, _ in
                Response(
                    status: .ok,
                    body: .init { writer in
                        defer { counts.withLockedValue { $0.ended += 1 } }
                        for _ in 0..<4096 {
                            try await writer.write(ByteBuffer(repeating: 0x61, count: 8 << 10))
                            counts.withLockedValue { $0.given += 8 << 10 }
                        }
                        try await writer.finish(nil)
                    })
            },
            Route(.get, "/broken", id: "broken", tag: "t", summary: "Breaks").respond(
                query: NoQuery.self, mediaType: "text/csv"
            ) { _, _ in
                Response(
                    status: .ok,
                    body: .init { writer in
                        try await writer.write(ByteBuffer(string: "begun"))
                        throw Problem.internalError
                    })
            },
        ]
    }

    /// A server, and a connection to it.
    private func connected<R: Sendable>(
        _ body: (Client, any Channel) async throws -> R
    ) async throws -> R {
        let health = Health(service: "test", version: "1", environment: "test", checks: [])
        let responder = ServiceResponder(
            endpoints: operations(), ops: OpsEndpoints(health: health, metrics: PrometheusRegistry()),
            internalKey: InternalKey(Self.key),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        var configuration = HTTP2Configuration()
        configuration.maxControlFramesPerSecond = .max
        let service = ServiceChannel(responder: responder, configuration: configuration) { true }
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                service.setup(channel: channel, logger: Logger(label: "test")).map { _ in }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var mine = configuration
        mine.maxBodySize = .max
        mine.initialWindowSize = 64 << 10
        let settings = mine
        let client = Client()
        let channel = try await ClientBootstrap(group: group).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try client.join(channel, settings) }
        }.connect(to: try #require(server.localAddress)).get()
        try await until { client.isReady }
        do {
            let result = try await body(client, channel)
            try await server.close()
            return result
        } catch {
            try? await server.close()
            throw error
        }
    }

    private func head(_ method: String, _ path: String, type: String? = nil) -> HeaderBlock {
        var builder = HeaderBlockBuilder(method, path)
        builder.add(":scheme", "http")
        builder.add(":authority", "localhost")
        builder.add("x-gatehouse-key", Self.key)
        if let type { builder.add("content-type", type) }
        return builder.block
    }

    private func until(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test("a body far beyond what is gathered is taken whole, and one beyond its own limit is not")
    func sink() async throws {
        try await connected { client, channel in
            let whole = try await client.begin(head("POST", "/sink", type: "text/csv; charset=utf-8"), on: channel)
            for _ in 0..<128 { client.send(64 << 10, to: whole, on: channel) }
            client.finish(whole, on: channel)
            try await until { client.answer(whole).isOver }
            #expect(client.answer(whole).text == #"{"bytes":8388608}"#)
            let over = try await client.begin(head("POST", "/sink", type: "text/csv"), on: channel)
            for _ in 0..<129 { client.send(64 << 10, to: over, on: channel) }
            client.finish(over, on: channel)
            try await until { client.answer(over).isOver }
            #expect(client.answer(over).failure != nil)
            try await until { counts.withLockedValue { $0.ended } == 2 }
        }
    }

    @Test("the description says which types a body may have, and what its records are")
    func description() throws {
        let document = OpenAPI.document([OpenAPI.fragment(of: operations())], server: "http://x", version: "1")
        let type = document["paths"]?["/sink"]?["post"]?["requestBody"]?["content"]?["text/csv"]
        #expect(type?["x-record-schema"]?["$ref"]?.string == "#/components/schemas/NoQuery")
        #expect(document["components"]?["schemas"]?["NoQuery"]?["type"]?.string == "object")
    }

    @Test("another media type is refused before the body is there")
    func mediaType() async throws {
        try await connected { client, channel in
            let stream = try await client.begin(head("POST", "/sink", type: "application/json"), on: channel)
            try await until { client.answer(stream).isOver }
            #expect(client.answer(stream).status == 415)
        }
    }

    @Test("what a handler does not take waits at the caller, and others on the connection go on")
    func backpressure() async throws {
        try await connected { client, channel in
            var slow: [HTTP2StreamID] = []
            for _ in 0..<6 {
                let stream = try await client.begin(head("POST", "/slow", type: "text/csv"), on: channel)
                for _ in 0..<64 { client.send(64 << 10, to: stream, on: channel) }
                slow.append(stream)
            }
            // Six windows of a stream are more than the connection's.
            let other = try await client.begin(head("POST", "/sink", type: "text/csv"), on: channel)
            client.send(64 << 10, to: other, on: channel)
            client.finish(other, on: channel)
            try await until { client.answer(other).isOver }
            #expect(client.answer(other).text == #"{"bytes":65536}"#)
            #expect(client.unsent(slow, on: channel) > 0)
            isOpen.withLockedValue { $0 = true }
            for stream in slow { client.finish(stream, on: channel) }
            try await until { slow.allSatisfy { client.answer($0).isOver } }
            #expect(slow.allSatisfy { client.answer($0).text == #"{"bytes":4194304}"# })
        }
    }

    @Test("a caller who goes away ends the handler")
    func abort() async throws {
        try await connected { client, channel in
            let stream = try await client.begin(head("POST", "/sink", type: "text/csv"), on: channel)
            client.send(1000, to: stream, on: channel)
            try await until { counts.withLockedValue { $0.taken } == 1000 }
            client.cancel(stream, on: channel)
            try await until { counts.withLockedValue { $0.ended } == 1 }
        }
    }

    @Test("an answer is made no faster than it is taken, and not at all once the caller is gone")
    func source() async throws {
        try await connected { client, channel in
            client.takes = false
            let stream = try await client.begin(head("GET", "/source"), isWhole: true, on: channel)
            try await until { client.answer(stream).bytes >= 64 << 10 }
            try await Task.sleep(for: .milliseconds(50))
            #expect(counts.withLockedValue { $0.given } < 1 << 20)
            client.cancel(stream, on: channel)
            try await until { counts.withLockedValue { $0.ended } == 1 }
            client.takes = true
            let whole = try await client.begin(head("GET", "/source"), isWhole: true, on: channel)
            try await until { client.answer(whole).isOver }
            #expect(client.answer(whole).bytes == 32 << 20)
        }
    }

    @Test("an answer that breaks off midway does not look whole")
    func brokenAnswer() async throws {
        try await connected { client, channel in
            let stream = try await client.begin(head("GET", "/broken"), isWhole: true, on: channel)
            try await until { client.answer(stream).isOver }
            #expect(client.answer(stream).failure == .reset(code: 2))
        }
    }
}

/// The client's side of one connection. Lives on its loop; answers may be looked at from elsewhere.
private final class Client: HTTP2ResponseReceiver, @unchecked Sendable {
    struct Answer {
        var status: Int?
        var bytes = 0
        var text = ""
        var isOver = false
        var failure: HTTP2StreamError?
    }

    private let answers = NIOLockedValueBox<[HTTP2StreamID: Answer]>([:])
    private let taking = NIOLockedValueBox(true)
    private let ready = NIOLockedValueBox(false)
    private var connection: HTTP2ClientConnection?
    private var unsent: [HTTP2StreamID: Int] = [:]
    private var heldUp: Set<HTTP2StreamID> = []
    private var finished: Set<HTTP2StreamID> = []

    var takes: Bool {
        get { taking.withLockedValue { $0 } }
        set { taking.withLockedValue { $0 = newValue } }
    }

    /// Whether the server has said something, and requests may go.
    var isReady: Bool { ready.withLockedValue { $0 } }

    func answer(_ stream: HTTP2StreamID) -> Answer { answers.withLockedValue { $0[stream] ?? Answer() } }

    func join(_ channel: any Channel, _ configuration: HTTP2Configuration) throws {
        let ready = ready
        let connection = HTTP2ClientConnection(configuration: configuration) { state in
            if state == .ready { ready.withLockedValue { $0 = true } }
        }
        self.connection = connection
        try channel.pipeline.syncOperations.addHandler(connection)
    }

    func begin(_ head: HeaderBlock, isWhole: Bool = false, on channel: any Channel) async throws -> HTTP2StreamID {
        try await channel.eventLoop.submit {
            guard let connection = self.connection else { throw HTTP2StreamError.unavailable }
            return try connection.open(head, body: isWhole ? .none : .streamed, receiver: self)
        }.get()
    }

    func send(_ count: Int, to stream: HTTP2StreamID, on channel: any Channel) {
        channel.eventLoop.execute {
            self.unsent[stream, default: 0] += count
            self.pump(stream)
        }
    }

    /// Sends what is left, then ends the request.
    func finish(_ stream: HTTP2StreamID, on channel: any Channel) {
        channel.eventLoop.execute {
            self.finished.insert(stream)
            self.pump(stream)
        }
    }

    func cancel(_ stream: HTTP2StreamID, on channel: any Channel) {
        channel.eventLoop.execute { self.connection?.cancel(stream) }
    }

    func unsent(_ streams: [HTTP2StreamID], on channel: any Channel) -> Int {
        (try? channel.eventLoop.submit { streams.reduce(0) { $0 + (self.unsent[$1] ?? 0) } }.wait()) ?? 0
    }

    private func pump(_ stream: HTTP2StreamID) {
        while let left = unsent[stream], left > 0, !heldUp.contains(stream) {
            let part = min(left, 16 << 10)
            unsent[stream] = left - part
            connection?.write(ByteBuffer(repeating: 0x61, count: part), on: stream)
        }
        if finished.contains(stream), unsent[stream, default: 0] == 0, !heldUp.contains(stream) {
            connection?.finish(on: stream)
        }
    }

    private func note(_ stream: HTTP2StreamID, _ change: (inout Answer) -> Void) {
        answers.withLockedValue { change(&$0[stream, default: Answer()]) }
    }

    func received(head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID) {
        note(stream) {
            $0.status = head.status
            $0.isOver = endStream
        }
    }

    func received(body: ByteBuffer, on stream: HTTP2StreamID) {
        note(stream) {
            $0.bytes += body.readableBytes
            if $0.text.utf8.count < 100 { $0.text += String(buffer: body) }
        }
        if takes { connection?.consumed(body.readableBytes, on: stream) }
    }

    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID) { note(stream) { $0.isOver = true } }

    func failed(_ error: HTTP2StreamError, on stream: HTTP2StreamID) {
        note(stream) {
            $0.failure = error
            $0.isOver = true
        }
    }

    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID) {
        if writable { heldUp.remove(stream) } else { heldUp.insert(stream) }
        guard writable else { return }
        guard let loop = MultiThreadedEventLoopGroup.currentEventLoop else { return }
        loop.execute { self.pump(stream) }
    }
}
