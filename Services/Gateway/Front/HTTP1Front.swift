import HTTP2
import HTTPTypes
import HummingbirdCore
import Kit
import NIOCore
import NIOHTTP1

/// The public side of one HTTP/1.1 connection: hands each request on while its body comes, and writes the answer.
///
/// Reads no faster than the service takes the body, and lets no more of the answer come than the caller takes. Lives on
/// its event loop only; NIO's pipelining handler lets one request through at a time, so answers keep the order.
final class HTTP1Front: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle
        /// The head was admitted; what came with it of the body is gathered, so that a small request goes on in one
        /// piece.
        case receiving(PublicRequest)
        /// The body goes on as it comes.
        case streaming(Exchange)
        /// The request is whole.
        case answering(Exchange)
        /// Answered already; what is left of the body is read and dropped.
        case discarding
    }

    /// Bytes written before they are flushed, unless the loop's turn ends.
    private static let batch = 64 << 10

    private let loop: GatewayLoop
    private var state = State.idle
    private var context: ChannelHandlerContext?
    private var keepsAlive = true
    private var isHead = false
    /// The caller waits for a word before it sends the body.
    private var expectsContinue = false
    private var mayRead = true
    private var isReadPending = false
    private var unflushed = 0
    private var isFlushDue = false
    /// The last answer is on its way, whole.
    private var isOver = false

    init(loop: GatewayLoop) {
        self.loop = loop
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // What comes

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { isReadPending = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let part): receive(part)
        case .end: end()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .receiving(let request) = state { start(request, isWhole: false) }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { exchange?.resume() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Who ends his side still gets the answer to what he has asked, and nothing more.
        if event as? ChannelEvent == .inputClosed {
            if case .answering = state { keepsAlive = false } else { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private var exchange: Exchange? {
        switch state {
        case .streaming(let exchange), .answering(let exchange): exchange
        case .idle, .receiving, .discarding: nil
        }
    }

    private func leave() {
        let left = exchange
        state = .idle
        left?.abandon()
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        keepsAlive = head.isKeepAlive
        isHead = head.method == .HEAD
        expectsContinue = head.headers[canonicalForm: "expect"].contains("100-continue")
        let peer = context.remoteAddress?.ipAddress
        var request = PublicRequest(head: head, peer: peer, loop: loop)
        state = .receiving(request)
        if let problem = request.admit() { return write(problem, requestID: request.id) }
        state = .receiving(request)
    }

    private func receive(_ part: ByteBuffer) {
        switch state {
        case .receiving(var request):
            state = .idle
            request.body.writeImmutableBuffer(part)
            state = .receiving(request)
            guard request.body.readableBytes <= request.bodyLimit else {
                return write(.payloadTooLarge, requestID: request.id)
            }
            if request.body.readableBytes >= Upload.room { start(request, isWhole: false) }
        case .streaming(let exchange): exchange.receive(part)
        case .idle, .answering, .discarding: break
        }
    }

    private func end() {
        expectsContinue = false
        // Until the answer is written, the pipelining handler keeps what follows back.
        defer { read(true) }
        switch state {
        case .receiving(let request): start(request, isWhole: true)
        case .streaming(let exchange):
            state = .answering(exchange)
            exchange.receivedAll()
        case .discarding:
            state = .idle
            if isOver { context?.close(promise: nil) }
        case .idle, .answering: break
        }
    }

    private func start(_ request: PublicRequest, isWhole: Bool) {
        let exchange = Exchange(request: request, loop: loop, front: self, isWhole: isWhole)
        state = isWhole ? .answering(exchange) : .streaming(exchange)
        exchange.start()
    }

    // What goes

    private func write(_ problem: Problem, requestID: String) {
        var headers = HTTPHeaders()
        for field in problem.response(requestID: requestID).headers {
            headers.add(name: field.name.canonicalName, value: field.value)
        }
        HeaderPolicy.secure(&headers, requestID: requestID)
        let body = problem.body(requestID: requestID)
        headers.replaceOrAdd(name: "content-length", value: String(body.readableBytes))
        writeHead(HTTPResponseStatus(statusCode: problem.status.code), headers)
        writeBody(body)
        finish()
    }

    /// Flushes once for all that this turn of the loop brings.
    private func flushSoon(_ context: ChannelHandlerContext) {
        if unflushed >= Self.batch { return flush() }
        guard !isFlushDue else { return }
        isFlushDue = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushDue = false
            if self.unflushed > 0 { self.flush() }
        }
    }

    private func flush() {
        unflushed = 0
        context?.flush()
    }

    /// The last answer is written: the connection ends, but not before the caller had a chance to read it. A close with
    /// bytes unread would take the answer away from him again.
    private func close(_ context: ChannelHandlerContext) {
        isOver = true
        guard case .discarding = state else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(2)) { context.close(promise: nil) }
    }
}

extension HTTP1Front: ExchangeFront {
    func answer(_ problem: Problem, requestID: String) { write(problem, requestID: requestID) }

    func writeHead(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) {
        guard let context else { return }
        var headers = headers
        // What is left of a request that is answered early is not worth reading to the end.
        switch state {
        case .receiving, .streaming: keepsAlive = false
        case .idle, .answering, .discarding: break
        }
        if !keepsAlive { headers.replaceOrAdd(name: "connection", value: "close") }
        expectsContinue = false
        unflushed += 1
        context.write(
            wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
        flushSoon(context)
    }

    func writeBody(_ body: ByteBuffer) {
        guard !isHead, body.readableBytes > 0, let context else { return }
        unflushed += body.readableBytes
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        flushSoon(context)
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func read(_ more: Bool) {
        mayRead = more
        guard more, let context else { return }
        if expectsContinue {
            expectsContinue = false
            context.writeAndFlush(wrapOutboundOut(.head(.init(version: .http1_1, status: .continue))), promise: nil)
        }
        guard isReadPending else { return }
        isReadPending = false
        context.read()
    }

    func consumed(_ bytes: Int) {}

    func finish() {
        guard let context else { return }
        switch state {
        case .answering: state = .idle
        case .receiving, .streaming:
            state = .discarding
            read(true)
        case .idle, .discarding: break
        }
        unflushed = 0
        guard keepsAlive else {
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenComplete { _ in self.close(context) }
            return context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// The answer broke off in the middle: only a closed connection tells the caller.
    func breakOff() {
        leave()
        context?.close(promise: nil)
    }
}
