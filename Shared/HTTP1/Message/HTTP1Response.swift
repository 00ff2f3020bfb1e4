public import HTTPFields
public import NIOCore

/// An answer as far as its empty line, checked.
public struct HTTP1ResponseHead: Sendable {
    /// 101, or 200 to 599.
    public var status: Int
    /// 0 or 1.
    public var minorVersion: Int
    /// All fields in their order, names in lower case, values without the blanks around them.
    public var fields: HeaderBlock
    /// `.none` also where the length is said to be 0.
    public var framing: HTTP1Framing
    /// Whether another request may be sent on the connection after this answer (RFC 9112 §9.3).
    public var keepsAlive: Bool
}

/// What an answer comes in: one head, any number of body parts, one end.
public enum HTTP1ResponsePart: Sendable {
    case head(HTTP1ResponseHead)
    /// Some bytes of the body, at least one, without chunk framing.
    case body(ByteBuffer)
    case end
}
