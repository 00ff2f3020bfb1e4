public import HTTPFields
import CNghttp2
public import NIOCore

/// Takes the answer to one request. All calls come on the connection's event loop.
public protocol HTTP2ResponseReceiver: AnyObject {
    /// The answer began, and with `endStream` it is whole; interim answers are not told.
    func received(head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID)
    /// A part of its body came; say `consumed` once it is dealt with, or the peer will stop.
    func received(body: ByteBuffer, on stream: HTTP2StreamID)
    /// The answer is whole.
    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID)
    /// The stream ended before the answer was whole.
    func failed(_ error: HTTP2StreamError, on stream: HTTP2StreamID)
    /// A streamed request should pause, or may go on.
    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID)
}

/// The client's side of one HTTP/2 connection, as the only handler of its channel: requests of many callers share it,
/// and their bytes share writes.
///
/// Lives on its event loop only. The channel's pipeline keeps it alive.
public final class HTTP2ClientConnection: ChannelDuplexHandler {
    public typealias InboundIn = ByteBuffer
    public typealias OutboundIn = Never
    public typealias OutboundOut = ByteBuffer

    /// How far a connection is in its life.
    public enum State: Sendable, Equatable {
        /// Not connected yet, or the peer has said nothing yet: a process that is stopped still takes connections.
        case connecting
        /// Takes requests.
        case ready
        /// Finishes what is open, takes no more.
        case draining
        /// Gone.
        case closed
    }

    /// A request's body.
    public enum Body {
        /// There is none.
        case none
        /// All of it.
        case full(ByteBuffer)
        /// It follows by `write` and `finish`.
        case streamed
    }

    private struct Request {
        let receiver: any HTTP2ResponseReceiver
        let sent: NIODeadline
    }

    let session: HTTP2Session
    private let configuration: HTTP2Configuration
    private let onStateChange: (State) -> Void
    private let observer: (any HTTP2ClientObserver)?
    private let transport = HTTP2Transport()
    private var open = StreamTable<Request>()
    private var state = State.connecting
    private var clock: RepeatedTask?
    private var silence = Silence()

    /// A connection that tells its state by `onStateChange`.
    /// - Parameter observer: Hears what becomes of all requests; kept until the channel is closed.
    public init(
        configuration: HTTP2Configuration, observer: (any HTTP2ClientObserver)? = nil,
        onStateChange: @escaping (State) -> Void
    ) {
        self.configuration = configuration
        self.observer = observer
        self.onStateChange = onStateChange
        self.session = HTTP2Session(role: .client, configuration: configuration)
        session.owner = self
    }

    /// Streams that are open.
    public var activeStreams: Int { open.count }

    /// Whether a request would be sent now, not queued.
    public var canOpenStream: Bool {
        state == .ready && open.count < min(session.remoteStreamLimit, configuration.maxConcurrentStreams)
    }

    /// Sends a request; `receiver` is kept until the answer is whole or has failed.
    /// - Throws: `HTTP2StreamError.unavailable` when the connection takes no more.
    public func open(
        _ head: HeaderBlock, body: Body, receiver: any HTTP2ResponseReceiver
    ) throws(HTTP2StreamError) -> HTTP2StreamID {
        guard state == .ready else { throw .unavailable }
        guard session.mayRequest else {
            // Its numbers are used up, after 2^30 requests; another connection begins anew (RFC 9113 §5.1.1).
            drain()
            throw .unavailable
        }
        let outgoing: OutgoingBody? =
            switch body {
            case .none: nil
            case .full(let buffer): OutgoingBody(buffer)
            case .streamed: OutgoingBody()
            }
        guard let stream = session.request(head, body: outgoing) else { throw .unavailable }
        let id = HTTP2StreamID(rawValue: stream)
        open.insert(Request(receiver: receiver, sent: .now()), for: stream)
        observer?.opened(id)
        scheduleFlush()
        return id
    }

    /// Adds to a streamed request.
    public func write(_ buffer: ByteBuffer, on stream: HTTP2StreamID) {
        session.write(buffer, on: stream.rawValue)
        scheduleFlush()
    }

    /// Ends a streamed request.
    public func finish(on stream: HTTP2StreamID) {
        session.finish(on: stream.rawValue)
        scheduleFlush()
    }

    /// Gives the peer room to send `bytes` more.
    public func consumed(_ bytes: Int, on stream: HTTP2StreamID) {
        session.consumed(bytes, on: stream.rawValue)
        scheduleFlush()
    }

    /// Instead of `consumed`: the bytes wait outside. Only their own stream stops for them, the others go on.
    public func keep(_ bytes: Int, on stream: HTTP2StreamID) {
        session.keep(bytes, on: stream.rawValue)
        scheduleFlush()
    }

    /// Bytes that were kept are dealt with.
    public func release(_ bytes: Int, on stream: HTTP2StreamID) {
        session.release(bytes, on: stream.rawValue)
        scheduleFlush()
    }

    /// Sends no more of a streamed request whose answer is whole already (RFC 9113 §8.1).
    public func stopSending(on stream: HTTP2StreamID) {
        guard session.streams[stream.rawValue] != nil else { return }
        session.reset(stream.rawValue, code: NGHTTP2_NO_ERROR.rawValue)
        scheduleFlush()
    }

    /// Gives a request up: the peer is told, its receiver hears no more.
    public func cancel(_ stream: HTTP2StreamID) { giveUp(stream, .cancelled) }

    /// Gives a request up because its answer did not begin in time.
    public func expire(_ stream: HTTP2StreamID) { giveUp(stream, .expired) }

    private func giveUp(_ stream: HTTP2StreamID, _ ending: HTTP2StreamEnding) {
        guard open.remove(stream.rawValue) != nil else { return }
        session.reset(stream.rawValue, code: NGHTTP2_CANCEL.rawValue)
        observer?.ended(stream, ending)
        scheduleFlush()
    }

    /// Takes no more requests, waits for the open answers, then closes.
    public func drain() {
        guard state == .ready || state == .connecting else { return }
        change(to: .draining)
        closeWhenIdle()
    }

    public func handlerAdded(context: ChannelHandlerContext) {
        transport.attach(context)
        if context.channel.isActive { begin(context) }
    }

    public func handlerRemoved(context: ChannelHandlerContext) { transport.detach() }

    public func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        transport.beginReading()
        silence.ends()
        if !session.receive(unwrapInboundIn(data)) {
            transport.flush(session)
            transport.close()
        }
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        transport.endReading()
        transport.flush(session)
        context.fireChannelReadComplete()
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { transport.flush(session) }
        context.fireChannelWritabilityChanged()
    }

    public func channelInactive(context: ChannelHandlerContext) {
        clock?.cancel()
        change(to: .closed)
        let lost = open.removeAll()
        session.streams.removeAll()
        if !lost.isEmpty { observer?.lost(requests: lost.count) }
        for (stream, request) in lost { request.receiver.failed(.connectionClosed, on: .init(rawValue: stream)) }
        context.fireChannelInactive()
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        transport.close()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard state == .connecting || state == .draining else { return }
        scheduleFlush()
        if state == .draining { return closeWhenIdle() }
        guard let keepalive = configuration.keepalive else { return }
        let interval = TimeAmount.nanoseconds(keepalive.nanoseconds / Int64(Silence.limit))
        let home = NIOLoopBound(self, eventLoop: context.eventLoop)
        clock = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            home.value.askWhetherAlive()
        }
    }

    /// A peer that hangs answers nothing and closes nothing; only an unanswered question shows it.
    private func askWhetherAlive() {
        switch silence.lasts() {
        case .wait: break
        case .ask:
            session.ping()
            scheduleFlush()
        case .giveUp: transport.close()
        }
    }

    private func change(to next: State) {
        guard state != next, state != .closed else { return }
        state = next
        onStateChange(next)
    }

    private func closeWhenIdle() {
        guard state == .draining, open.isEmpty, transport.eventLoop != nil else { return }
        session.terminate(NGHTTP2_NO_ERROR)
        scheduleFlush()
    }

    private func scheduleFlush() {
        guard transport.needsSchedule(), let eventLoop = transport.eventLoop else { return }
        let home = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { home.value.transport.flush(home.value.session) }
    }
}

extension HTTP2ClientConnection: HTTP2SessionOwner {
    func session(received head: HeaderBlock, endStream: Bool, on stream: Int32) {
        guard let request = endStream ? open.remove(stream) : open[stream] else { return }
        let id = HTTP2StreamID(rawValue: stream)
        observer?.answered(id, after: .now() - request.sent)
        if endStream { observer?.ended(id, .answered) }
        request.receiver.received(head: head, endStream: endStream, on: id)
    }

    func session(received body: ByteBuffer, on stream: Int32) {
        guard let request = open[stream] else {
            return session.consumed(body.readableBytes, on: stream)
        }
        request.receiver.received(body: body, on: .init(rawValue: stream))
    }

    func session(ended trailers: HeaderBlock?, on stream: Int32) {
        guard let request = open.remove(stream) else { return }
        observer?.ended(.init(rawValue: stream), .answered)
        request.receiver.ended(trailers: trailers, on: .init(rawValue: stream))
    }

    func session(closed stream: Int32, error: HTTP2StreamError?) {
        // Nil when the answer was whole or the request was given up.
        if let request = open.remove(stream) {
            let error = error ?? .reset(code: 0)
            observer?.ended(.init(rawValue: stream), .failed(error))
            request.receiver.failed(error, on: .init(rawValue: stream))
        }
        closeWhenIdle()
    }

    func session(writable: Bool, on stream: Int32) {
        open[stream]?.receiver.writabilityChanged(writable, on: .init(rawValue: stream))
    }

    func sessionIsGoingAway() {
        change(to: .draining)
        closeWhenIdle()
    }

    func sessionReceivedSettings() {
        if state == .connecting { change(to: .ready) }
    }
}
