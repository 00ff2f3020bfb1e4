/// What one message may take.
public struct HTTP1Limits: Sendable {
    /// Bytes of start line and fields with their line ends. More is answered with 431, or with 414 where the target
    /// alone is too long.
    public var head = 32 << 10
    /// Bytes of the request's target. More is answered with 414.
    public var target = 8 << 10
    /// The number of fields. More is answered with 431.
    public var fields = 100
    /// Bytes of the fields after a chunked body. More is answered with 431.
    public var trailers = 8 << 10

    /// The limits of the public side.
    public init() {}
}
