import HTTPFields
import HTTP2
import HTTPTypes
public import Hummingbird
public import NIOCore

/// The streams of one connection from the gateway or another process: gathers each request, runs its task on the
/// connection's loop, and answers.
///
/// Lives on its event loop only; the connection handler holds it until the channel is closed.
final class ServiceConnection: HTTP2ServerDelegate {
    private struct Exchange {
        var inbound: InboundRequest
        var body: ByteBuffer
        var task: Task<Void, Never>?
    }

    private let responder: ServiceResponder
    private let eventLoop: any EventLoop
    private let executor: EventLoopExecutor
    private var exchanges: [HTTP2StreamID: Exchange] = [:]

    init(responder: ServiceResponder, eventLoop: any EventLoop) {
        self.responder = responder
        self.eventLoop = eventLoop
        self.executor = EventLoopExecutor(eventLoop)
    }

    func received(
        head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection
    ) {
        guard let inbound = InboundRequest(head) else {
            let problem = Problem.malformed("The method or path is not one this process takes.")
            answer(problem.response(requestID: ""), problem.body(requestID: ""), on: stream, connection)
            return
        }
        exchanges[stream] = Exchange(inbound: inbound, body: ByteBuffer())
        if endStream { start(stream, connection) }
    }

    func received(body: ByteBuffer, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        connection.consumed(body.readableBytes, on: stream)
        var body = body
        exchanges[stream]?.body.writeBuffer(&body)
    }

    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        start(stream, connection)
    }

    func aborted(_ error: HTTP2StreamError, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        let exchange = exchanges.removeValue(forKey: stream)
        exchange?.task?.cancel()
    }

    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {}

    func closed(connection: HTTP2ServerConnection) {
        for exchange in exchanges.values { exchange.task?.cancel() }
        exchanges.removeAll()
    }

    private func start(_ stream: HTTP2StreamID, _ connection: HTTP2ServerConnection) {
        guard let exchange = exchanges[stream], exchange.task == nil else { return }
        // Both are touched on the loop only, which the box checks.
        let home = NIOLoopBound((self, connection), eventLoop: eventLoop)
        let (responder, eventLoop) = (responder, eventLoop)
        let task = Task.immediate(executorPreference: executor) {
            let response = await responder.respond(to: exchange.inbound, body: exchange.body)
            let body = await ResponseCollector.collect(response.body)
            // The executor brings the task back to this loop; a handler that left it for good is brought back here.
            if eventLoop.inEventLoop {
                let (connection, transport) = home.value
                connection.finish(response, body, on: stream, transport)
            } else {
                eventLoop.execute {
                    let (connection, transport) = home.value
                    connection.finish(response, body, on: stream, transport)
                }
            }
        }
        if exchanges[stream] != nil { exchanges[stream]?.task = task }
    }

    private func finish(
        _ response: Response, _ body: ByteBuffer?, on stream: HTTP2StreamID, _ connection: HTTP2ServerConnection
    ) {
        // Gone when the stream was aborted meanwhile.
        guard exchanges.removeValue(forKey: stream) != nil else { return }
        answer(response, body, on: stream, connection)
    }

    private func answer(
        _ response: Response, _ body: ByteBuffer?, on stream: HTTP2StreamID, _ connection: HTTP2ServerConnection
    ) {
        var block = HeaderBlock()
        block.append(":status", String(response.status.code))
        // The length counts once, from the bytes that are there; Hummingbird states it, too.
        for field in response.headers where field.name != .contentLength {
            block.append(field.name.canonicalName, field.value)
        }
        if let body { block.append("content-length", String(body.readableBytes)) }
        connection.respond(block, body: body, on: stream)
    }
}

/// Gathers a response's body into one buffer.
public enum ResponseCollector {
    private final class Store: ResponseBodyWriter {
        var buffer = ByteBuffer()

        func write(_ buffer: ByteBuffer) async throws { self.buffer.writeImmutableBuffer(buffer) }
        func finish(_: HTTPFields?) async throws {}
    }

    /// The body, or nil when it is empty or could not be produced.
    public static func collect(_ body: ResponseBody) async -> ByteBuffer? {
        if body.contentLength == 0 { return nil }
        let store = Store()
        do {
            try await body.write(store)
        } catch {
            return nil
        }
        return store.buffer
    }
}
