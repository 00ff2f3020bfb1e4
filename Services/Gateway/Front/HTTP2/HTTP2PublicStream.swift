import HTTPFields
import HTTP2
import Kit
import NIOCore

/// One request on a public HTTP/2 connection. Lives on its event loop only.
///
/// What comes of the body is given back to the caller's window when it has gone on to the service, so a caller is read
/// no faster than the service takes.
final class HTTP2PublicStream {
    private enum State {
        /// The head was admitted; what came with it of the body is gathered.
        case receiving(PublicRequest)
        /// The body goes on as it comes.
        case streaming(Exchange)
        /// The request is whole.
        case answering(Exchange)
        /// The answer is written, or the stream given up.
        case done
    }

    private static let internalError: UInt32 = 0x02
    private static let cancel: UInt32 = 0x08

    private let id: HTTP2StreamID
    private let connection: HTTP2ServerConnection
    private let loop: GatewayLoop
    private var state = State.done
    private var isWhole = false
    private var isHead = false
    private var isHeldUp = false
    private var mayRead = true
    /// The head of an answer that has no body, so that both end in one frame.
    private var head: HeaderBlock?
    private var bodyPace = BodyPace()
    private var sendingPace = SendingPace()
    private var written = 0

    init(_ id: HTTP2StreamID, _ connection: HTTP2ServerConnection, _ loop: GatewayLoop) {
        self.id = id
        self.connection = connection
        self.loop = loop
    }

    private var exchange: Exchange? {
        switch state {
        case .streaming(let exchange), .answering(let exchange): exchange
        case .receiving, .done: nil
        }
    }

    func begin(_ block: HeaderBlock, peer: Address?, isSecure: Bool, isWhole: Bool) {
        self.isWhole = isWhole
        let head = PublicHead(block)
        isHead = block.method == "HEAD"
        let request = PublicRequest(
            head: head ?? PublicHead(method: "GET", target: "/"), peer: peer, isSecure: isSecure, loop: loop)
        var problem = request.admit()
        if head == nil { problem = .malformed("A request names one host, method and path.") }
        if let problem { return refuse(request, problem) }
        if isWhole { return start(request) }
        state = .receiving(request)
        // What came in the same read is gathered, so that a small request goes on in one piece.
        loop.eventLoop.assumeIsolated().execute {
            if case .receiving(let request) = self.state { self.start(request) }
        }
    }

    func receive(_ part: ByteBuffer) {
        switch state {
        case .receiving(let request):
            request.body.writeImmutableBuffer(part)
            if request.body.readableBytes > request.bodyLimit {
                refuse(request, .payloadTooLarge)
            } else if request.body.readableBytes >= Upload.room {
                start(request)
            }
        case .streaming(let exchange):
            bodyPace.came(part.readableBytes)
            exchange.receive(part)
        // What comes after the answer is not given back: its sender stops at the window, and is told to.
        case .answering, .done: break
        }
    }

    func end() {
        isWhole = true
        switch state {
        case .receiving(let request): start(request)
        case .streaming(let exchange):
            state = .answering(exchange)
            exchange.receivedAll()
        case .answering, .done: break
        }
    }

    /// The stream is gone.
    func leave() {
        let left = exchange
        state = .done
        left?.abandon()
    }

    /// The caller takes more of the answer, or no more for now.
    func takes(more: Bool) {
        isHeldUp = !more
        if more { exchange?.resume() }
    }

    func check(_ now: NIODeadline, _ limits: FrontLimits) {
        let waiting = connection.queued(on: id)
        if sendingPace.isStalled(now, waiting: waiting, written: written, limits) {
            return connection.reset(id, code: Self.cancel)
        }
        exchange?.check(now)
        switch state {
        case .streaming(let exchange):
            if bodyPace.isTooSlow(now, isPaused: !mayRead, limits) { exchange.cut(.requestTimeout) }
        // A reset before the answer has left would overtake it.
        case .done: if !isWhole, waiting == 0 { connection.reset(id, code: 0) }
        case .receiving, .answering: break
        }
    }

    private func start(_ request: PublicRequest) {
        bodyPace = BodyPace()
        exchange(request).start()
    }

    private func refuse(_ request: PublicRequest, _ problem: Problem) {
        exchange(request).fail(problem)
    }

    private func exchange(_ request: PublicRequest) -> Exchange {
        let exchange = Exchange(request: request, loop: loop, front: self, isWhole: isWhole)
        state = isWhole ? .answering(exchange) : .streaming(exchange)
        return exchange
    }
}

extension HTTP2PublicStream: ExchangeFront {
    func writeHead(_ head: AnswerHead) {
        let hasBody = !isHead && !head.isBodiless && head.length != 0
        if hasBody { connection.respondHead(head.fields, on: id) } else { self.head = head.fields }
    }

    func writeBody(_ body: ByteBuffer) {
        guard head == nil, body.readableBytes > 0 else { return }
        written += body.readableBytes
        connection.write(body, on: id)
    }

    func finish() {
        state = .done
        if let head { connection.respond(head, body: nil, on: id) } else { connection.finish(on: id) }
        head = nil
    }

    func breakOff() {
        leave()
        connection.reset(id, code: Self.internalError)
    }

    var isWritable: Bool { !isHeldUp }

    func read(_ more: Bool) { mayRead = more }

    func consumed(_ bytes: Int) { connection.consumed(bytes, on: id) }

    /// Streams end, they change no protocol.
    func switchProtocol(_ head: AnswerHead) -> (any TunnelSide)? { nil }
}
