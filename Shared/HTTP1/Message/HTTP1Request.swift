public import HTTPFields
public import NIOCore

/// A request as far as its empty line, checked.
public struct HTTP1RequestHead: Sendable {
    /// A token, as it was sent.
    public var method: String
    /// Begins with a slash or is `*`. From the absolute form the authority is taken off (RFC 9112 §3.2.2); `host` has it.
    public var target: String
    /// 0 or 1.
    public var minorVersion: Int
    /// All fields in their order, names in lower case, values without the blanks around them; those of the connection
    /// (`host`, `connection`, `transfer-encoding`…), too.
    public var fields: HeaderBlock
    /// `.none` also where the length is said to be 0; never `.untilClose`.
    public var framing: HTTP1Framing
    /// Whether another request may follow on the connection, as far as the caller is concerned (RFC 9112 §9.3).
    public var keepsAlive: Bool
    /// The caller waits for a word before it sends the body (RFC 9110 §10.1.1); never with HTTP/1.0.
    public var expectsContinue: Bool
    /// The caller would change the protocol: `connection` names `upgrade`, and there is such a field (RFC 9110 §7.8);
    /// never with HTTP/1.0.
    public var upgrade: Bool
}

/// What a request comes in: one head, any number of body parts, one end.
public enum HTTP1RequestPart: Sendable {
    case head(HTTP1RequestHead)
    /// Some bytes of the body, at least one, without chunk framing.
    case body(ByteBuffer)
    case end
}
