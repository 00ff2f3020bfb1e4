/// How a message's body ends (RFC 9112 §6.3).
public enum HTTP1Framing: Sendable, Equatable {
    /// There is no body.
    case none
    /// After that many bytes, at least one.
    case length(Int)
    /// With the last chunk.
    case chunked
    /// With the connection; answers only.
    case untilClose
}
