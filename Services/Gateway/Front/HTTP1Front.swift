import HTTP1
import HTTPFields
import Kit
import NIOCore

/// The public side of one HTTP/1.1 connection, as the only handler of its channel behind TLS: takes requests apart,
/// hands each one on while its body comes, and writes the answer.
///
/// Lives on its event loop only. What a caller sends ahead of an answer waits unread in the parser, so one request is
/// dealt with at a time and answers keep the order.
final class HTTP1Front: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    enum State {
        case idle
        /// The head was admitted; what came with it of the body is gathered, so that a small request goes on in one
        /// piece.
        case receiving(PublicRequest)
        /// The body goes on as it comes.
        case streaming(Exchange)
        /// The request is whole.
        case answering(Exchange)
        /// Another protocol than HTTP is spoken.
        case tunnelling(Exchange)
        /// Answered already; what is left of the body is read and dropped.
        case discarding
    }

    /// Bytes that a caller may send ahead of an answer.
    private static let ahead = 64 << 10

    let loop: GatewayLoop
    var state = State.idle
    private(set) var context: ChannelHandlerContext?
    var parser = HTTP1RequestParser()
    var writer = HTTP1AnswerWriter()
    /// The caller waits for a word before it sends the body.
    var expectsContinue = false
    var mayRead = true
    /// Whether the channel has room, as it last said: to ask it with each part costs more than to remember.
    private(set) var takesMore = true
    private var isReadPending = false
    private var isProcessing = false
    /// What came is no HTTP; what follows is not looked at.
    private var isBroken = false
    /// Something was written to the channel that has not been flushed.
    var hasUnflushed = false
    var isFlushDue = false
    /// The last answer is written, or at least gathered; with `isClosed`, its write is under way.
    var isClosing = false
    var isClosed = false
    var clock = CallerClock()
    private var peer: Address?

    private let isSecure: Bool

    private init(loop: GatewayLoop, isSecure: Bool) {
        self.loop = loop
        self.isSecure = isSecure
    }

    /// Lets a connection speak HTTP/1.1.
    static func add(to channel: any Channel, _ loop: GatewayLoop, isSecure: Bool = false) throws {
        try channel.pipeline.syncOperations.addHandler(HTTP1Front(loop: loop, isSecure: isSecure))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        peer = context.remoteAddress?.ipAddress.flatMap { Address($0) }
        loop.watch.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.watch.remove(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        if peer == nil { peer = context.remoteAddress?.ipAddress.flatMap { Address($0) } }
        context.fireChannelActive()
    }

    func read(context: ChannelHandlerContext) {
        if mayRead, parser.bufferedBytes < Self.ahead { context.read() } else { isReadPending = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard !isBroken else { return }
        if case .tunnelling(let exchange) = state { return exchange.tunnel?.fromCaller(bytes) ?? () }
        clock.arrived()
        parser.receive(bytes)
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .receiving(let request) = state { start(request, isWhole: false) }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        takesMore = context.channel.isWritable
        if takesMore {
            exchange?.resume()
            process()
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        // Who ends his side still gets the answer to what he has asked, and nothing more.
        case ChannelEvent.inputClosed:
            switch state {
            case .answering: writer.keepsAlive = false
            case .tunnelling(let exchange): exchange.tunnel?.callerEnded()
            case .idle, .receiving, .streaming, .discarding: context.close(promise: nil)
            }
        case is ChannelShouldQuiesceEvent:
            writer.isDraining = true
            clock.drains()
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    var exchange: Exchange? {
        switch state {
        case .streaming(let exchange), .answering(let exchange), .tunnelling(let exchange): exchange
        case .idle, .receiving, .discarding: nil
        }
    }

    func leave() {
        let left = exchange
        state = .idle
        left?.abandon()
    }

    /// Takes on what has come, as far as it is its turn.
    func process() {
        // An answer may be whole before `process` has left the request: its loop goes on with the next one.
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        do throws(HTTP1Fault) {
            while !isBroken, context != nil {
                if case .answering = state { break }
                if case .tunnelling = state { break }
                // Answers that nobody reads are not made: the next request waits until there is room for one.
                if isClosing || !takesMore, case .idle = state { break }
                guard let part = try parser.next() else { break }
                switch part {
                case .head(let head): try begin(head)
                case .body(let bytes): receive(bytes)
                case .end: end()
                }
            }
        } catch {
            refuse(error)
        }
        readIfAsked()
    }

    /// Reads on where the channel wanted to and was held back.
    func readIfAsked() {
        guard isReadPending, mayRead, parser.bufferedBytes < Self.ahead else { return }
        isReadPending = false
        context?.read()
    }

    private func begin(_ head: HTTP1RequestHead) throws(HTTP1Fault) {
        clock.begins()
        writer.begin(head)
        expectsContinue = head.expectsContinue
        let request = PublicRequest(head: PublicHead(head), peer: peer, isSecure: isSecure, loop: loop)
        let problem = request.admit()
        let isWhole = head.framing == .none
        if isWhole {
            // Nothing follows but the end, which is there already.
            _ = try parser.next()
            expectsContinue = false
        }
        if let problem {
            refuse(request, problem, isWhole: isWhole)
        } else if isWhole {
            start(request, isWhole: true)
        } else {
            state = .receiving(request)
        }
    }

    private func receive(_ part: ByteBuffer) {
        switch state {
        case .receiving(let request):
            request.body.writeImmutableBuffer(part)
            guard request.body.readableBytes <= request.bodyLimit else {
                return refuse(request, .payloadTooLarge, isWhole: false)
            }
            if request.body.readableBytes >= Upload.room { start(request, isWhole: false) }
        case .streaming(let exchange):
            clock.came(part.readableBytes)
            exchange.receive(part)
        case .idle, .answering, .tunnelling, .discarding: break
        }
    }

    private func end() {
        expectsContinue = false
        mayRead = true
        switch state {
        case .receiving(let request): start(request, isWhole: true)
        case .streaming(let exchange):
            state = .answering(exchange)
            exchange.receivedAll()
        case .discarding:
            state = .idle
            if clock.isOver { context?.close(promise: nil) }
        case .idle, .answering, .tunnelling: break
        }
    }

    private func start(_ request: PublicRequest, isWhole: Bool) {
        if !isWhole { clock.bodyBegins() }
        exchange(request, isWhole: isWhole).start()
    }

    private func refuse(_ request: PublicRequest, _ problem: Problem, isWhole: Bool) {
        exchange(request, isWhole: isWhole).fail(problem)
    }

    private func exchange(_ request: PublicRequest, isWhole: Bool) -> Exchange {
        let exchange = Exchange(request: request, loop: loop, front: self, isWhole: isWhole)
        state = isWhole ? .answering(exchange) : .streaming(exchange)
        return exchange
    }

    /// What came is no HTTP: says so where an answer can still be understood, and reads no further.
    private func refuse(_ fault: HTTP1Fault) {
        isBroken = true
        mayRead = true
        switch state {
        case .streaming(let exchange): exchange.cut(Problem(fault))
        case .discarding: if clock.isOver { context?.close(promise: nil) }
        case .idle, .receiving, .answering, .tunnelling:
            clock.begins()
            // The answer is to this, not to the request before.
            if case .idle = state { writer.beginUnread() }
            writer.keepsAlive = false
            let request = PublicRequest(
                head: PublicHead(method: "GET", target: "/"), peer: peer, isSecure: isSecure, loop: loop)
            _ = request.admit()
            refuse(request, Problem(fault), isWhole: false)
        }
    }
}
