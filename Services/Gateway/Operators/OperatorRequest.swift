import HTTPFields

/// The head of a request as an upstream of the operator's gets it, but for what its connection adds.
struct OperatorRequest {
    let method: String
    let target: String
    /// Without `host` and what says how long the body is.
    var fields: HeaderBlock
    /// What `Host` says; nil where it is the instance's own.
    let host: String?
    /// Bytes of the body, where the caller has stated them.
    let length: Int?
    /// Where the caller asks for a WebSocket and may have it.
    let webSocket: WebSocketUpgrade?

    /// Whether its method gives a meaning to a body (RFC 9110 §9.3).
    var takesBody: Bool { method == "POST" || method == "PUT" || method == "PATCH" }

    /// Whether an instance may act on it twice (RFC 9110 §9.2.2).
    var isIdempotent: Bool { method != "POST" && method != "PATCH" }
}
