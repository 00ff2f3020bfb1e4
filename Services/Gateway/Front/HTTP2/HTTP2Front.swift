import HTTPFields
import HTTP2
import NIOCore

/// The public side of one HTTP/2 connection: one stream, one exchange.
///
/// Lives on its event loop only; the connection's handler keeps it alive.
final class HTTP2Front: HTTP2ServerDelegate {
    private static let configuration = {
        var configuration = HTTP2Configuration()
        configuration.initialWindowSize = 256 << 10
        configuration.connectionWindowSize = 1 << 20
        configuration.maxControlFramesPerSecond = 10
        // The limit of the route counts, and what comes is passed on.
        configuration.maxBodySize = .max
        return configuration
    }()

    private let loop: GatewayLoop
    private let channel: any Channel
    private let peer: Address?
    private let isSecure: Bool
    private weak var connection: HTTP2ServerConnection?
    private var streams = StreamTable<HTTP2PublicStream>()
    private var idleSince = NIODeadline.now()
    private var hasAsked = false
    private var drainingSince: NIODeadline?
    private var sendingPace = SendingPace()

    private init(loop: GatewayLoop, channel: any Channel, isSecure: Bool) {
        self.isSecure = isSecure
        self.loop = loop
        self.channel = channel
        peer = channel.remoteAddress?.ipAddress.flatMap { Address($0) }
    }

    /// Lets a connection speak HTTP/2.
    static func add(to channel: any Channel, _ loop: GatewayLoop, isSecure: Bool = false) throws {
        let front = HTTP2Front(loop: loop, channel: channel, isSecure: isSecure)
        let connection = HTTP2ServerConnection(configuration: Self.configuration, delegate: front)
        front.connection = connection
        // Who ends his side of an HTTP/2 connection has left.
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
        try channel.pipeline.syncOperations.addHandler(connection)
        loop.watch.add(front)
    }

    func received(
        head: HeaderBlock, endStream: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection
    ) {
        hasAsked = true
        let opened = HTTP2PublicStream(stream, connection, loop)
        streams.insert(opened, for: stream.rawValue)
        opened.begin(head, peer: peer, isSecure: isSecure, isWhole: endStream)
    }

    func received(body: ByteBuffer, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        streams[stream.rawValue]?.receive(body)
    }

    func ended(trailers: HeaderBlock?, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        streams[stream.rawValue]?.end()
    }

    func writabilityChanged(_ writable: Bool, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        streams[stream.rawValue]?.takes(more: writable)
    }

    func finished(_ stream: HTTP2StreamID, connection: HTTP2ServerConnection) { remove(stream) }

    func aborted(_ error: HTTP2StreamError, on stream: HTTP2StreamID, connection: HTTP2ServerConnection) {
        remove(stream)
    }

    func closed(connection: HTTP2ServerConnection) {
        loop.watch.remove(self)
        for (_, stream) in streams.removeAll() { stream.leave() }
    }

    private func remove(_ stream: HTTP2StreamID) {
        streams.remove(stream.rawValue)?.leave()
        if streams.isEmpty { idleSince = .now() }
    }
}

extension HTTP2Front: WatchedConnection {
    func check(_ now: NIODeadline) {
        let limits = loop.environment.limits
        let waiting = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        // Nothing is added while the channel takes nothing, so how much was written doesn't matter.
        if sendingPace.isStalled(now, waiting: waiting, written: 0, limits) { return channel.close(promise: nil) }
        for (_, stream) in streams.all { stream.check(now, limits) }
        if let drainingSince, now - drainingSince >= limits.linger, streams.isEmpty {
            return channel.close(promise: nil)
        }
        guard drainingSince == nil else { return }
        let isIdle = streams.isEmpty && now - idleSince >= (hasAsked ? limits.idle : limits.head)
        if isIdle || loop.environment.isEnding() {
            drainingSince = now
            connection?.drain()
        }
    }
}
