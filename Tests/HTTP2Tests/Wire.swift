import HTTPFields
import HTTP2
import NIOCore
import NIOEmbedded

/// Answers requests as the test says, and notes what it saw.
final class RecordingDelegate: HTTP2ServerDelegate {
    var answer: (HTTP2ServerConnection, HTTP2StreamID) -> Void = { connection, stream in
        var head = HeaderBlock()
        head.append(":status", "200")
        connection.respond(head, body: ByteBuffer(string: "ok"), on: stream)
    }
    var consumes = true
    private(set) var heads: [HeaderBlock] = []
    private(set) var received = 0
    private(set) var aborted: [HTTP2StreamError] = []
    private(set) var isClosed = false

    func received(head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        heads.append(head)
        if endStream { answer(connection, stream) }
    }

    func received(body: ByteBuffer, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        received += body.readableBytes
        if consumes { connection.consumed(body.readableBytes, on: stream) }
    }

    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        answer(connection, stream)
    }

    func aborted(_ error: HTTP2StreamError, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        aborted.append(error)
    }

    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {}
    func closed(connection: HTTP2ServerConnection) { isClosed = true }
}

/// Gathers one answer.
final class RecordingReceiver: HTTP2ResponseReceiver {
    private(set) var status: Int?
    private(set) var body = ByteBuffer()
    private(set) var isWhole = false
    private(set) var failure: HTTP2StreamError?
    private(set) var writability: [Bool] = []
    var connection: HTTP2ClientConnection?
    var whenFailed: () -> Void = {}

    func received(head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID) {
        status = head.status
        isWhole = endStream
    }

    func received(body: ByteBuffer, on stream: HTTP2StreamID) {
        self.body.writeImmutableBuffer(body)
        connection?.consumed(body.readableBytes, on: stream)
    }

    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID) { isWhole = true }
    func failed(_ error: HTTP2StreamError, on stream: HTTP2StreamID) {
        failure = error
        whenFailed()
    }
    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID) { writability.append(writable) }
}

/// A client and a server whose bytes the test carries from one to the other.
final class Wire {
    let clientChannel = EmbeddedChannel()
    let serverChannel = EmbeddedChannel()
    let client: HTTP2ClientConnection
    let server: HTTP2ServerConnection
    let delegate = RecordingDelegate()
    private(set) var states: [HTTP2ClientConnection.State] = []
    private(set) var serverWrites = 0

    init(
        observer: (any HTTP2ClientObserver)? = nil, _ adjust: (inout HTTP2Configuration) -> Void = { _ in }
    ) throws {
        var configuration = HTTP2Configuration()
        configuration.keepalive = nil
        adjust(&configuration)
        var changed: (HTTP2ClientConnection.State) -> Void = { _ in }
        client = HTTP2ClientConnection(configuration: configuration, observer: observer) { changed($0) }
        server = HTTP2ServerConnection(configuration: configuration, delegate: delegate)
        changed = { [weak self] state in self?.states.append(state) }
        try clientChannel.pipeline.syncOperations.addHandler(client)
        try serverChannel.pipeline.syncOperations.addHandler(server)
        try clientChannel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try serverChannel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try carry()
    }

    deinit {
        _ = try? clientChannel.finish(acceptAlreadyClosed: true)
        _ = try? serverChannel.finish(acceptAlreadyClosed: true)
    }

    /// Carries bytes both ways until neither side has any; returns how many.
    @discardableResult
    func carry() throws -> Int {
        var total = 0
        while true {
            clientChannel.embeddedEventLoop.run()
            serverChannel.embeddedEventLoop.run()
            let forth = try Self.move(from: clientChannel, to: serverChannel).bytes
            let (back, writes) = try Self.move(from: serverChannel, to: clientChannel)
            serverWrites += writes
            total += forth + back
            if forth + back == 0 { return total }
        }
    }

    private static func move(from: EmbeddedChannel, to: EmbeddedChannel) throws -> (bytes: Int, writes: Int) {
        var gathered = ByteBuffer()
        var writes = 0
        while let buffer = try from.readOutbound(as: ByteBuffer.self) {
            gathered.writeImmutableBuffer(buffer)
            writes += 1
        }
        guard gathered.readableBytes > 0 else { return (0, 0) }
        if to.isActive { try to.writeInbound(gathered) }
        return (gathered.readableBytes, writes)
    }

    func open(
        _ path: String = "/", method: String = "GET", body: HTTP2ClientConnection.Body = .none,
        fields: [(String, String)] = []
    ) throws -> (receiver: RecordingReceiver, stream: HTTP2StreamID) {
        let receiver = RecordingReceiver()
        receiver.connection = client
        var head = HeaderBlock()
        head.append(":method", method)
        head.append(":scheme", "http")
        head.append(":authority", "x")
        head.append(":path", path)
        for (name, value) in fields { head.append(name, value) }
        return (receiver, try client.open(head, body: body, receiver: receiver))
    }
}
