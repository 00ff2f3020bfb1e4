import HTTPFields
import HTTP2
import HTTPTypes
import Hummingbird
import NIOCore

/// The streams of one connection from the gateway or another process: gathers each request, or hands its body on as it
/// comes, runs its task on the connection's loop, and answers.
///
/// Lives on its event loop only; the connection handler holds it until the channel is closed.
final class ServiceConnection: HTTP2ServerDelegate {
    private final class Exchange {
        let inbound: InboundRequest
        var body = ByteBuffer()
        /// Where the body goes, when it is taken as it comes.
        var stream: BodyStream?
        var task: Task<Void, Never>?
        /// Whether a streamed answer should pause.
        var isHeldUp = false
        /// The writer of a streamed answer, while it waits for room.
        var writer: CheckedContinuation<Void, any Error>?

        init(_ inbound: InboundRequest) { self.inbound = inbound }
    }

    private let responder: ServiceResponder
    private let eventLoop: any EventLoop
    private let executor: EventLoopExecutor
    private var exchanges = StreamTable<Exchange>()
    /// Made once, and written anew for each answer that was at hand.
    private var recalledHead = HeaderBlock()

    init(responder: ServiceResponder, eventLoop: any EventLoop) {
        self.responder = responder
        self.eventLoop = eventLoop
        self.executor = EventLoopExecutor(eventLoop)
    }

    func received(
        head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection
    ) {
        if endStream, let body = responder.recalled.body(for: head) {
            return answer(recalled: body, on: stream, connection)
        }
        guard let inbound = InboundRequest(head) else {
            let problem = Problem.malformed("The method or path is not one this process takes.")
            answer(problem.response(requestID: ""), problem.body(requestID: ""), on: stream, connection)
            return
        }
        let exchange = Exchange(inbound)
        if !endStream, let limit = responder.streamLimit(of: inbound.head) {
            connection.limitBody(limit, on: stream)
            exchange.stream = incoming(on: stream, connection)
        }
        exchanges.insert(exchange, for: stream.rawValue)
        if endStream || exchange.stream != nil { start(exchange, stream, connection) }
    }

    func received(body: ByteBuffer, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        let exchange = exchanges[stream.rawValue]
        if let incoming = exchange?.stream {
            connection.keep(body.readableBytes, on: stream)
            incoming.receive(body)
            return
        }
        connection.consumed(body.readableBytes, on: stream)
        var body = body
        exchange?.body.writeBuffer(&body)
    }

    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        guard let exchange = exchanges[stream.rawValue] else { return }
        if let incoming = exchange.stream { incoming.finish() } else { start(exchange, stream, connection) }
    }

    func aborted(_ error: HTTP2StreamError, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        if let exchange = exchanges.remove(stream.rawValue) { abandon(exchange) }
    }

    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        guard let exchange = exchanges[stream.rawValue] else { return }
        exchange.isHeldUp = !writable
        guard writable, let writer = exchange.writer else { return }
        exchange.writer = nil
        // Told while the connection writes; what follows writes itself.
        eventLoop.execute { writer.resume() }
    }

    func closed(connection: HTTP2ServerConnection) {
        for (_, exchange) in exchanges.removeAll() { abandon(exchange) }
    }

    private func abandon(_ exchange: Exchange) {
        exchange.stream?.fail()
        exchange.writer?.resume(throwing: CancellationError())
        exchange.task?.cancel()
    }

    /// A body that is taken as it comes: its bytes hold up their own stream until they are taken, not the connection.
    private func incoming(on stream: HTTP2StreamID, _ connection: HTTP2ServerConnection) -> BodyStream {
        let home = NIOLoopBound(connection, eventLoop: eventLoop)
        let eventLoop = eventLoop
        return BodyStream { count in
            eventLoop.perform { home.value.release(count, on: stream) }
        }
    }

    private func start(_ exchange: Exchange, _ stream: HTTP2StreamID, _ connection: HTTP2ServerConnection) {
        guard exchange.task == nil else { return }
        // Both are touched on the loop only, which the box checks.
        let home = NIOLoopBound((self, connection), eventLoop: eventLoop)
        let (responder, eventLoop) = (responder, eventLoop)
        let (inbound, body, incoming) = (exchange.inbound, exchange.body, exchange.stream)
        exchange.body = ByteBuffer()
        let task = Task.immediate(executorPreference: executor) {
            let response = await responder.respond(to: inbound, body: body, stream: incoming)
            guard response.body.contentLength != nil else {
                return await StreamedAnswer(stream, home, eventLoop).send(response)
            }
            let body = await ResponseCollector.collect(response.body)
            // The executor brings the task back to this loop; a handler that left it for good is brought back here.
            eventLoop.perform {
                let (connection, transport) = home.value
                connection.finish(response, body, on: stream, transport)
            }
        }
        exchange.task = task
    }

    private func finish(
        _ response: Response, _ body: ByteBuffer?, on stream: HTTP2StreamID, _ connection: HTTP2ServerConnection
    ) {
        // Gone when the stream was aborted meanwhile.
        guard exchanges.remove(stream.rawValue) != nil else { return }
        answer(response, body, on: stream, connection)
    }

    private func answer(
        _ response: Response, _ body: ByteBuffer?, on stream: HTTP2StreamID, _ connection: HTTP2ServerConnection
    ) {
        var block = head(of: response)
        if let body { block.append("content-length", String(body.readableBytes)) }
        connection.respond(block, body: body, on: stream)
    }

    /// Answers with JSON that was at hand, as `Response.json` does.
    private func answer(recalled body: ByteBuffer, on stream: HTTP2StreamID, _ connection: HTTP2ServerConnection) {
        recalledHead.removeAll()
        recalledHead.append(":status", "200")
        recalledHead.append("content-type", "application/json")
        recalledHead.append("cache-control", "no-store")
        // Short enough to stand in the string itself.
        recalledHead.append("content-length", String(body.readableBytes))
        connection.respond(recalledHead, body: body, on: stream)
    }

    private func head(of response: Response) -> HeaderBlock {
        var block = HeaderBlock()
        block.append(":status", String(response.status.code))
        // The length counts once, from the bytes that are there; Hummingbird states it, too.
        for field in response.headers where field.name != .contentLength {
            block.append(field.name.canonicalName, field.value)
        }
        return block
    }

    // An answer that is written part by part

    func begin(_ response: Response, on stream: HTTP2StreamID, _ connection: HTTP2ServerConnection) {
        guard exchanges[stream.rawValue] != nil else { return }
        connection.respondHead(head(of: response), on: stream)
    }

    /// Writes a part; `writer` goes on once there is room for another.
    func write(
        _ part: ByteBuffer, on stream: HTTP2StreamID, _ connection: HTTP2ServerConnection,
        _ writer: CheckedContinuation<Void, any Error>
    ) {
        guard let exchange = exchanges[stream.rawValue] else { return writer.resume(throwing: CancellationError()) }
        connection.write(part, on: stream)
        if exchange.isHeldUp { exchange.writer = writer } else { writer.resume() }
    }

    /// Ends the answer; one that could not be written whole is broken off, so that nobody takes it for whole.
    func end(isWhole: Bool, on stream: HTTP2StreamID, _ connection: HTTP2ServerConnection) {
        guard exchanges.remove(stream.rawValue) != nil else { return }
        // INTERNAL_ERROR (RFC 9113 §7).
        if isWhole { connection.finish(on: stream) } else { connection.reset(stream, code: 2) }
    }
}
