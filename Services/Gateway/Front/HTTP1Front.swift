import HTTP2
import HTTPTypes
import HummingbirdCore
import Kit
import NIOCore
import NIOHTTP1

/// The public side of one HTTP/1.1 connection: hands each request on while its body comes, and writes the answer.
///
/// Lives on its event loop only; NIO's pipelining handler lets one request through at a time, so answers keep the order.
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
    private var clock = CallerClock()
    private var peer: Address?
    /// Bytes of all answers, about.
    private var written = 0

    private init(loop: GatewayLoop) {
        self.loop = loop
    }

    /// Lets a connection speak HTTP/1.1.
    static func add(to channel: any Channel, _ loop: GatewayLoop) throws {
        let operations = channel.pipeline.syncOperations
        let front = HTTP1Front(loop: loop)
        try operations.addHandler(ArrivalHandler { front.clock.arrived() })
        try operations.configureHTTPServerPipeline(withPipeliningAssistance: true, withErrorHandling: true)
        try operations.addHandler(front)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.watch.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.watch.remove(self)
    }

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
        clock.begins()
        keepsAlive = head.isKeepAlive
        isHead = head.method == .HEAD
        expectsContinue = head.headers[canonicalForm: "expect"].contains("100-continue")
        // The same for all requests of a connection.
        if peer == nil { peer = context.remoteAddress?.ipAddress.flatMap { Address($0) } }
        var request = PublicRequest(head: head, peer: peer, loop: loop)
        state = .receiving(request)
        if let problem = request.admit() { return answer(problem, requestID: request.id) }
        state = .receiving(request)
    }

    private func receive(_ part: ByteBuffer) {
        switch state {
        case .receiving(var request):
            state = .idle
            request.body.writeImmutableBuffer(part)
            state = .receiving(request)
            guard request.body.readableBytes <= request.bodyLimit else {
                return answer(.payloadTooLarge, requestID: request.id)
            }
            if request.body.readableBytes >= Upload.room { start(request, isWhole: false) }
        case .streaming(let exchange):
            clock.came(part.readableBytes)
            exchange.receive(part)
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
            if clock.isOver { context?.close(promise: nil) }
        case .idle, .answering: break
        }
    }

    private func start(_ request: PublicRequest, isWhole: Bool) {
        let exchange = Exchange(request: request, loop: loop, front: self, isWhole: isWhole)
        state = isWhole ? .answering(exchange) : .streaming(exchange)
        if !isWhole { clock.bodyBegins() }
        exchange.start()
    }

    /// Flushes once for all that this turn of the loop brings.
    private func flushSoon(_ context: ChannelHandlerContext) {
        if unflushed >= Self.batch {
            unflushed = 0
            return context.flush()
        }
        guard !isFlushDue else { return }
        isFlushDue = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushDue = false
            guard self.unflushed > 0 else { return }
            self.unflushed = 0
            context.flush()
        }
    }

    /// The last answer is written: the connection ends, but not before the caller had a chance to read it. A close with
    /// bytes unread would take the answer away from him again.
    private func close(_ context: ChannelHandlerContext) {
        clock.over()
        guard case .discarding = state else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
    }
}

extension HTTP1Front: ExchangeFront {
    func writeHead(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) {
        guard let context else { return }
        var headers = headers
        // What is left of a request that is answered early is not worth reading to the end.
        switch state {
        case .receiving, .streaming: keepsAlive = false
        default: break
        }
        if !keepsAlive { headers.replaceOrAdd(name: "connection", value: "close") }
        expectsContinue = false
        unflushed += 1
        written += 1
        context.write(
            wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
        flushSoon(context)
    }

    func writeBody(_ body: ByteBuffer) {
        guard !isHead, body.readableBytes > 0, let context else { return }
        unflushed += body.readableBytes
        written += body.readableBytes
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
        case .answering:
            state = .idle
            clock.ends()
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

extension HTTP1Front: WatchedConnection {
    func check(_ now: NIODeadline) {
        guard let context else { return }
        let wait: CallerClock.Wait =
            switch state {
            case .idle: .request
            case .streaming: .body(isPaused: !mayRead)
            case .receiving, .answering, .discarding: .nothing
            }
        let waiting = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        switch clock.judge(wait, now, waiting: waiting, written: written, loop.environment.limits) {
        case .patient: break
        case .slowBody: exchange?.cut(.requestTimeout)
        case .over: context.close(promise: nil)
        }
    }
}
