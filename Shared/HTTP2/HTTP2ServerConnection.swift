public import HTTPFields
import CNghttp2
public import NIOCore

/// Takes the requests of one connection. All calls come on the connection's event loop.
public protocol HTTP2ServerDelegate: AnyObject {
    /// A request began, and with `endStream` it is whole.
    func received(head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection)
    /// A part of its body came; say `consumed` once it is dealt with, or the peer will stop.
    func received(body: ByteBuffer, on stream: HTTP2StreamID, connection: HTTP2ServerConnection)
    /// The request is whole.
    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID, connection: HTTP2ServerConnection)
    /// The stream ended before it was answered: the work for it should stop.
    func aborted(_ error: HTTP2StreamError, on stream: HTTP2StreamID, connection: HTTP2ServerConnection)
    /// A streamed answer should pause, or may go on.
    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection)
    /// The stream was answered, whole, and is gone.
    func finished(_ stream: HTTP2StreamID, connection: HTTP2ServerConnection)
    /// The connection is gone.
    func closed(connection: HTTP2ServerConnection)
}

extension HTTP2ServerDelegate {
    public func finished(_ stream: HTTP2StreamID, connection: HTTP2ServerConnection) {}
}

/// The server's side of one HTTP/2 connection, as the only handler of its channel: no child channels, one write per
/// batch of reads.
///
/// Lives on its event loop only. The channel's pipeline keeps it alive.
public final class HTTP2ServerConnection: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = ByteBuffer
    public typealias OutboundIn = Never
    public typealias OutboundOut = ByteBuffer

    private let session: HTTP2Session
    private let delegate: any HTTP2ServerDelegate
    private let transport = HTTP2Transport()
    private var isDraining = false

    /// A connection whose requests go to `delegate`, which it keeps alive.
    public init(configuration: HTTP2Configuration, delegate: any HTTP2ServerDelegate) {
        self.delegate = delegate
        self.session = HTTP2Session(role: .server, configuration: configuration)
        session.owner = self
    }

    public func handlerAdded(context: ChannelHandlerContext) {
        transport.attach(context)
        if context.channel.isActive { scheduleFlush() }
    }

    public func handlerRemoved(context: ChannelHandlerContext) { transport.detach() }

    public func channelActive(context: ChannelHandlerContext) {
        scheduleFlush()
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
        for (stream, _) in session.streams.removeAll() {
            delegate.aborted(.connectionClosed, on: HTTP2StreamID(rawValue: stream), connection: self)
        }
        delegate.closed(connection: self)
        context.fireChannelInactive()
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { drain() }
        context.fireUserInboundEventTriggered(event)
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        transport.close()
    }

    /// Answers whole: the fast path.
    public func respond(_ head: HeaderBlock, body: ByteBuffer?, on stream: HTTP2StreamID) {
        session.respond(head, body: body.map { OutgoingBody($0) }, on: stream.rawValue)
        scheduleFlush()
    }

    /// Begins a streamed answer.
    public func respondHead(_ head: HeaderBlock, on stream: HTTP2StreamID) {
        session.respond(head, body: OutgoingBody(), on: stream.rawValue)
        scheduleFlush()
    }

    /// Adds to a streamed answer.
    public func write(_ buffer: ByteBuffer, on stream: HTTP2StreamID) {
        session.write(buffer, on: stream.rawValue)
        scheduleFlush()
    }

    /// Ends a streamed answer.
    public func finish(on stream: HTTP2StreamID) {
        session.finish(on: stream.rawValue)
        scheduleFlush()
    }

    /// Bytes of an answer that wait for the peer, or for the channel.
    public func queued(on stream: HTTP2StreamID) -> Int { session.streams[stream.rawValue]?.outgoing.queued ?? 0 }

    /// Gives the peer room to send `bytes` more.
    public func consumed(_ bytes: Int, on stream: HTTP2StreamID) {
        session.consumed(bytes, on: stream.rawValue)
        scheduleFlush()
    }

    /// Gives the connection room for `bytes` more, but not the stream, whose bytes are kept for whoever is slow: the other
    /// streams must not wait for him.
    public func keep(_ bytes: Int, on stream: HTTP2StreamID) {
        session.keep(bytes, on: stream.rawValue)
        scheduleFlush()
    }

    /// Gives the stream room for bytes that were kept.
    public func release(_ bytes: Int, on stream: HTTP2StreamID) {
        session.release(bytes, on: stream.rawValue)
        scheduleFlush()
    }

    /// Lets a request's body be longer or shorter than the configuration says. To be said when its head comes.
    public func limitBody(_ bytes: Int, on stream: HTTP2StreamID) {
        session.streams[stream.rawValue]?.bodyLimit = bytes
    }

    /// Ends a stream with an error code (RFC 9113 §7).
    public func reset(_ stream: HTTP2StreamID, code: UInt32) {
        session.reset(stream.rawValue, code: code)
        scheduleFlush()
    }

    /// Takes no new requests, answers those that are open, then closes.
    ///
    /// In two steps (RFC 9113 §6.8): the peer is told at once, and what it had already sent by then is still taken.
    public func drain() {
        guard !isDraining, let eventLoop = transport.eventLoop else { return }
        isDraining = true
        session.announceShutdown()
        scheduleFlush()
        let home = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .milliseconds(100)) {
            home.value.session.goAway()
            home.value.scheduleFlush()
        }
    }

    private func scheduleFlush() {
        guard transport.needsSchedule(), let eventLoop = transport.eventLoop else { return }
        let home = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { home.value.transport.flush(home.value.session) }
    }
}

extension HTTP2ServerConnection: HTTP2SessionOwner {
    func session(received head: HeaderBlock, endStream: Bool, on stream: Int32) {
        delegate.received(head: head, endStream: endStream, on: .init(rawValue: stream), connection: self)
    }

    func session(received body: ByteBuffer, on stream: Int32) {
        delegate.received(body: body, on: .init(rawValue: stream), connection: self)
    }

    func session(ended trailers: HeaderBlock?, on stream: Int32) {
        delegate.ended(trailers: trailers, on: .init(rawValue: stream), connection: self)
    }

    func session(closed stream: Int32, error: HTTP2StreamError?) {
        if let error {
            delegate.aborted(error, on: .init(rawValue: stream), connection: self)
        } else {
            delegate.finished(.init(rawValue: stream), connection: self)
        }
    }

    func session(writable: Bool, on stream: Int32) {
        delegate.writabilityChanged(writable, on: .init(rawValue: stream), connection: self)
    }

    func sessionIsGoingAway() {}
    func sessionReceivedSettings() {}
}
