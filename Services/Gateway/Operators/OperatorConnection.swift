import HTTP1
import HTTPFields
import Kit
import NIOCore

/// One connection of HTTP/1.1 to an instance of an operator's upstream, as the only handler of its channel: one request
/// at a time, and the next one when the answer is whole.
///
/// Lives on its event loop only. The channel's pipeline keeps it alive.
final class OperatorConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    enum State {
        case idle
        case busy(OperatorCall)
        case tunnelling(Tunnel?)
        case closed
    }

    let loop: GatewayLoop
    let instance: OperatorInstance
    var state = State.idle
    private(set) var context: ChannelHandlerContext?
    private(set) var idleSince = NIODeadline.now()
    var parser = HTTP1ResponseParser()
    var writer = OperatorRequestWriter()
    /// Requests it has carried before.
    private(set) var served = 0
    /// Whether another request may follow, by the answer's head.
    var keepsAlive = false
    /// Whether something of the answer has come.
    var hasAnswer = false
    /// Whether something of the request may have left.
    private var hasSent = false
    private var mayRead = true
    private var isReadPending = false
    private var isProcessing = false
    var hasUnflushed = false
    var isFlushDue = false

    init(loop: GatewayLoop, instance: OperatorInstance) {
        self.loop = loop
        self.instance = instance
    }

    /// Sends a request.
    func begin(_ call: OperatorCall) {
        state = .busy(call)
        (hasAnswer, hasSent) = (false, false)
        parser.expects(answerTo: call.request.method)
        writer.write(call.request, call.body, authority: instance.authority)
        loop.flush(self)
        call.begins(on: self)
        if call.isWhole, case .streamed = call.body { finish() }
    }

    func write(_ part: ByteBuffer) {
        if let long = writer.write(part), let context {
            if let bytes = writer.take() { context.write(wrapOutboundOut(bytes), promise: nil) }
            context.write(wrapOutboundOut(long), promise: nil)
            hasUnflushed = true
            writer.endLongPart()
        }
        loop.flush(self)
    }

    func finish() {
        writer.end()
        loop.flush(self)
    }

    /// Whether more of the answer may be read.
    func read(_ more: Bool) {
        mayRead = more
        guard more, isReadPending else { return }
        isReadPending = false
        context?.read()
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Ends it, and hears nothing more.
    func close() {
        state = .closed
        context?.close(promise: nil)
    }

    // What the channel tells

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { isReadPending = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        switch state {
        // What nobody has asked for is the answer to nothing.
        case .idle: close()
        case .busy:
            hasAnswer = true
            parser.receive(bytes)
            process()
        case .tunnelling(let tunnel): tunnel?.fromUpstream(bytes)
        case .closed: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        switch state {
        case .busy(let call): call.takes(more: context.channel.isWritable)
        case .tunnelling(let tunnel): if context.channel.isWritable { tunnel?.upstreamTakesMore() }
        case .idle, .closed: break
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            if case .tunnelling(let tunnel) = state { tunnel?.upstreamEnded() } else { inputEnded() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .tunnelling(let tunnel) = state { tunnel?.end(.answered) } else { inputEnded() }
        state = .closed
        instance.lost(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Takes on what has come of the answer.
    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        do throws(HTTP1Fault) {
            while case .busy(let call) = state, let part = try parser.next() { try take(part, of: call) }
        } catch {
            fail(.malformed(error))
        }
    }

    /// The upstream sends no more.
    private func inputEnded() {
        guard case .busy(let call) = state else { return close() }
        let failure = ServiceFailure.lost(retry: retry)
        do throws(HTTP1Fault) {
            if let part = try parser.receiveEnd() { try take(part, of: call) }
        } catch {
            return fail(hasAnswer ? .malformed(error) : failure)
        }
        process()
        if case .busy(let left) = state, left === call { fail(failure) }
    }

    /// A connection that was kept may have been closed at the other end while the request went out: then it was not
    /// acted on.
    private var retry: ServiceFailure.Retry {
        if hasAnswer { return .never }
        if !hasSent { return .always }
        return served > 0 ? .whenSafe : .never
    }

    private func fail(_ failure: ServiceFailure) {
        guard case .busy(let call) = state else { return }
        // The others that were kept are as old: a restarted instance has closed them all.
        if failure.retry != .never { instance.closeIdle() }
        close()
        call.fail(failure)
    }

    /// The answer is whole: another request may follow, unless either side is not done with this one.
    func release(_ call: OperatorCall, keepsAlive: Bool) {
        guard keepsAlive, call.isWhole, parser.bufferedBytes == 0, context?.channel.isActive == true else {
            return close()
        }
        state = .idle
        served += 1
        idleSince = .now()
        read(true)
        instance.release(self)
    }
}

extension OperatorConnection: LoopFlushed {
    func flush() {
        hasSent = true
        guard let context else { return }
        if let bytes = writer.take() {
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        } else if hasUnflushed {
            context.flush()
        }
        hasUnflushed = false
    }
}

extension ServiceFailure {
    fileprivate static func malformed(_ fault: HTTP1Fault) -> ServiceFailure {
        ServiceFailure(retry: .never, problem: .badGateway, reason: fault.reason)
    }

    fileprivate static func lost(retry: Retry) -> ServiceFailure {
        ServiceFailure(retry: retry, problem: .badGateway, reason: "the connection ended before an answer")
    }
}
