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
        /// Not connected yet, or the server has not said a word: a connection that a system took for a process that is
        /// not ready, or hangs, gets no requests that would be lost with it.
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

    private let session: HTTP2Session
    private let configuration: HTTP2Configuration
    private let onStateChange: (State) -> Void
    private let transport = HTTP2Transport()
    private var receivers: [Int32: any HTTP2ResponseReceiver] = [:]
    private var state = State.connecting
    private var keepalive: RepeatedTask?
    private var awaitsPing = false

    /// A connection that tells its state by `onStateChange`.
    public init(configuration: HTTP2Configuration, onStateChange: @escaping (State) -> Void) {
        self.configuration = configuration
        self.onStateChange = onStateChange
        self.session = HTTP2Session(role: .client, configuration: configuration)
        session.owner = self
    }

    /// Streams that are open.
    public var activeStreams: Int { receivers.count }

    /// Whether a request would be sent now, not queued.
    public var canOpenStream: Bool {
        state == .ready && receivers.count < min(session.remoteStreamLimit, configuration.maxConcurrentStreams)
    }

    /// Sends a request; `receiver` is kept until the answer is whole or has failed.
    /// - Throws: `HTTP2StreamError.unavailable` when the connection takes no more.
    public func open(
        _ head: HeaderBlock, body: Body, receiver: any HTTP2ResponseReceiver
    ) throws(HTTP2StreamError) -> HTTP2StreamID {
        guard state == .ready, session.mayRequest else { throw .unavailable }
        let outgoing: OutgoingBody? =
            switch body {
            case .none: nil
            case .full(let buffer): OutgoingBody(buffer)
            case .streamed: OutgoingBody()
            }
        guard let stream = session.request(head, body: outgoing) else { throw .unavailable }
        receivers[stream] = receiver
        scheduleFlush()
        return HTTP2StreamID(rawValue: stream)
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
    public func cancel(_ stream: HTTP2StreamID) {
        guard receivers.removeValue(forKey: stream.rawValue) != nil else { return }
        session.reset(stream.rawValue, code: NGHTTP2_CANCEL.rawValue)
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
        keepalive?.cancel()
        change(to: .closed)
        let open = receivers
        receivers.removeAll()
        session.streams.removeAll()
        for (stream, receiver) in open { receiver.failed(.connectionClosed, on: .init(rawValue: stream)) }
        context.fireChannelInactive()
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        transport.close()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard state == .connecting || state == .draining else { return }
        scheduleFlush()
        if state == .draining { return closeWhenIdle() }
        guard let interval = configuration.keepalive else { return }
        let home = NIOLoopBound(self, eventLoop: context.eventLoop)
        keepalive = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            home.value.askWhetherAlive()
        }
    }

    /// A peer that hangs answers nothing and closes nothing; only an unanswered question shows it.
    private func askWhetherAlive() {
        if awaitsPing { return transport.close() }
        awaitsPing = true
        session.ping()
        scheduleFlush()
    }

    private func change(to next: State) {
        guard state != next, state != .closed else { return }
        state = next
        onStateChange(next)
    }

    private func closeWhenIdle() {
        guard state == .draining, receivers.isEmpty, transport.eventLoop != nil else { return }
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
        let receiver = endStream ? receivers.removeValue(forKey: stream) : receivers[stream]
        receiver?.received(head: head, endStream: endStream, on: .init(rawValue: stream))
    }

    func session(received body: ByteBuffer, on stream: Int32) {
        guard let receiver = receivers[stream] else {
            return session.consumed(body.readableBytes, on: stream)
        }
        receiver.received(body: body, on: .init(rawValue: stream))
    }

    func session(ended trailers: HeaderBlock?, on stream: Int32) {
        receivers.removeValue(forKey: stream)?.ended(trailers: trailers, on: .init(rawValue: stream))
    }

    func session(closed stream: Int32, error: HTTP2StreamError?) {
        // Nil when the answer was whole or the request was given up.
        receivers.removeValue(forKey: stream)?.failed(error ?? .reset(code: 0), on: .init(rawValue: stream))
        closeWhenIdle()
    }

    func session(writable: Bool, on stream: Int32) {
        receivers[stream]?.writabilityChanged(writable, on: .init(rawValue: stream))
    }

    func sessionReceivedSettings() {
        if state == .connecting { change(to: .ready) }
    }

    func sessionIsGoingAway() {
        change(to: .draining)
        closeWhenIdle()
    }

    func sessionReceivedPingAnswer() { awaitsPing = false }
}
