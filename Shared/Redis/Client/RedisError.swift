/// What a call may fail with.
///
/// A command that was sent may have taken effect although it failed with `timeout`, `unavailable`, `closed`,
/// `cancelled` or `protocolViolation`.
public enum RedisError: Error, Sendable, Hashable {
    /// No usable server, or the connection broke before the answer; also at once while the breaker is open.
    case unavailable
    /// No answer before the deadline.
    case timeout
    /// Too many commands wait for an answer, or the server does not take in what was sent; nothing was sent.
    case overloaded
    /// The server refused the command, or an element of its answer is an error; `prefix` is the first word (`ERR`,
    /// `WRONGTYPE`, `OOM`), empty where the text begins with none, and `message` the rest.
    case server(prefix: String, message: String)
    /// The server sent what is no RESP, or more, or more deeply nested, than is allowed.
    case protocolViolation
    /// The client is shut down.
    case closed
    /// The calling task was cancelled.
    case cancelled
    /// The URL is not usable; says what is wrong and repeats no part of it, since it may hold a password.
    case configuration(String)

    /// Whether this is the store's condition rather than an answer to the command.
    public var isUnavailable: Bool {
        switch self {
        case .unavailable, .timeout, .overloaded, .protocolViolation, .closed: true
        case .server(let prefix, _): ["OOM", "BUSY", "MISCONF", "NOREPLICAS", "CLUSTERDOWN"].contains(prefix)
        case .cancelled, .configuration: false
        }
    }
}
