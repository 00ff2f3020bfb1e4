public import NIOCore

/// How a request's stream came to its end.
public enum HTTP2StreamEnding: Sendable, Equatable {
    /// The answer is whole.
    case answered
    /// It broke off.
    case failed(HTTP2StreamError)
    /// The answer did not begin in time.
    case expired
    /// Whoever asked wants no answer any more.
    case cancelled
}

/// Hears what becomes of all of a connection's requests, each time before the one who waits for the answer does. All
/// calls come on the connection's event loop.
public protocol HTTP2ClientObserver: AnyObject {
    /// A request was sent.
    func opened(_ stream: HTTP2StreamID)
    /// An answer began, so long after the request.
    func answered(_ stream: HTTP2StreamID, after time: TimeAmount)
    /// A request came to its end, but not with the connection.
    func ended(_ stream: HTTP2StreamID, _ ending: HTTP2StreamEnding)
    /// The connection was lost with requests that were open.
    func lost(requests: Int)
}
