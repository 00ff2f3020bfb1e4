public import NIOCore

/// How a connection behaves and what it bears. The defaults are for a public door (SECURITY 5.5).
public struct HTTP2Configuration: Sendable {
    /// Streams open at once.
    public var maxConcurrentStreams = 100
    /// Bytes a peer may send on one stream before they are consumed.
    public var initialWindowSize = 1 << 20
    /// Bytes a peer may send on the connection before they are consumed.
    public var connectionWindowSize = 4 << 20
    /// Bytes of one message's fields, counted as RFC 9113 §10.5.1.
    public var maxHeaderListSize = 32 << 10
    /// Fields of one message.
    public var maxHeaderCount = 100
    /// Bytes of one message's body.
    public var maxBodySize = 256 << 10
    /// Streams a peer may reset in `resetWindow` before the connection is ended.
    public var maxResets = 100
    /// The time over which resets are counted.
    public var resetWindow = TimeAmount.seconds(30)
    /// SETTINGS, PING and empty frames a peer may send in a second.
    public var maxControlFramesPerSecond = 20
    /// Bytes queued for one streamed body above which its writer is told to wait; below a quarter it may go on.
    public var highWatermark = 64 << 10
    /// How long a peer may be silent before a client gives the connection up; it is asked for a sign of life first.
    public var keepalive: TimeAmount? = .seconds(5)

    /// Names of request fields whose values are kept out of HPACK's tables. A client tells them now and then without a
    /// value, so that they stand there all the same, and it takes a byte or two to name such a field instead of twenty.
    /// Such a field without a value comes before the one that has one, if there is any: whoever is asked has to take it for
    /// none, and must not go by the first of two.
    public var namesToTell: [StaticString] = []

    /// The defaults.
    public init() {}
}

/// A stream's number.
public struct HTTP2StreamID: Sendable, Hashable {
    /// As on the wire.
    public let rawValue: Int32
}

/// Why a stream ended before its time.
public enum HTTP2StreamError: Error, Sendable, Equatable {
    /// The peer did nothing with it: it is safe to send elsewhere.
    case refused
    /// One side reset it, with that error code (RFC 9113 §7).
    case reset(code: UInt32)
    /// The connection was lost.
    case connectionClosed
    /// The body was longer than the limit.
    case bodyTooLarge
    /// The connection takes no more streams: it is safe to open it elsewhere.
    case unavailable

    /// Whether the peer can't have acted on the request.
    public var isSafeToRetry: Bool { self == .refused || self == .unavailable }

    /// Whether the peer broke down, so that another may answer a request that does no harm when it is repeated.
    ///
    /// Other resets may be the request's own fault: a field that HTTP/2 forbids, a body that is too long.
    public var isBreakdown: Bool { self == .connectionClosed || self == .reset(code: Self.internalError) }

    /// INTERNAL_ERROR.
    private static let internalError: UInt32 = 2
}
