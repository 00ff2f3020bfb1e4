import HTTP2
import HTTPTypes
import HummingbirdCore
import Kit
import NIOCore
import NIOHTTP1

/// The public side of one HTTP/1.1 connection: gathers a request up to its route's limit, hands it on, writes the
/// answer.
///
/// Lives on its event loop only; NIO's pipelining handler lets one request through at a time.
final class HTTP1Front: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle
        case receiving(PublicRequest)
        /// Answered already; what is left of the body is read and dropped.
        case discarding
        case answering(Exchange)
    }

    private let loop: GatewayLoop
    private var state = State.idle
    private var context: ChannelHandlerContext?
    private var keepsAlive = true
    private var isHead = false

    init(loop: GatewayLoop) {
        self.loop = loop
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let part): receive(part)
        case .end: end()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .answering(let exchange) = state { exchange.abandon() }
        state = .idle
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        keepsAlive = head.isKeepAlive
        isHead = head.method == .HEAD
        let peer = context.remoteAddress?.ipAddress
        var request = PublicRequest(head: head, peer: peer, loop: loop)
        if let problem = request.admit() { return refuse(problem, request) }
        if head.headers[canonicalForm: "expect"].contains("100-continue") {
            context.writeAndFlush(wrapOutboundOut(.head(.init(version: .http1_1, status: .continue))), promise: nil)
        }
        state = .receiving(request)
    }

    private func receive(_ part: ByteBuffer) {
        guard case .receiving(var request) = state else { return }
        state = .idle
        request.body.writeImmutableBuffer(part)
        guard request.body.readableBytes <= request.bodyLimit else { return refuse(.payloadTooLarge, request) }
        state = .receiving(request)
    }

    private func end() {
        switch state {
        case .receiving(let request):
            let exchange = Exchange(request: request, loop: loop, front: self)
            state = .answering(exchange)
            exchange.start()
        case .discarding:
            state = .idle
        case .idle, .answering:
            break
        }
    }

    /// Answers before the request is whole, and closes: the rest of the body is not worth reading.
    private func refuse(_ problem: Problem, _ request: PublicRequest) {
        keepsAlive = false
        state = .discarding
        write(problem, requestID: request.id)
    }

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
}

extension HTTP1Front: ExchangeFront {
    func answer(_ problem: Problem, requestID: String) { write(problem, requestID: requestID) }

    func writeHead(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) {
        guard let context else { return }
        var headers = headers
        if !keepsAlive { headers.replaceOrAdd(name: "connection", value: "close") }
        context.write(
            wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
    }

    func writeBody(_ body: ByteBuffer) {
        guard !isHead, body.readableBytes > 0 else { return }
        context?.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func finish() {
        guard let context else { return }
        if case .answering = state { state = .idle }
        guard keepsAlive else {
            let home = NIOLoopBound(context, eventLoop: context.eventLoop)
            return context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in home.value.close(promise: nil)
            }
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// The answer broke off in the middle: only a closed connection tells the caller.
    func breakOff() {
        state = .idle
        context?.close(promise: nil)
    }
}
