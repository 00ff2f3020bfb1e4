/// Why a command has no answer.
public enum RedisError: Error, Sendable, Equatable {
    /// There is no connection, or recent failures say that trying is no use just now. Nothing was sent.
    case unavailable
    /// No answer came in time; the command may have taken effect.
    case timeout
    /// Too many commands are waiting. Nothing was sent.
    case overloaded
    /// The server refused: the error's first word, and the rest.
    case server(prefix: String, message: String)
    /// The server sent what is no RESP, or more than is taken.
    case protocolViolation
    /// The connection was lost; the command may have taken effect.
    case closed
    /// The configuration can't be used: what is wrong, without a secret.
    case configuration(String)

    /// Whether it says that the server or the way to it is at fault, not the command.
    var countsAsFailure: Bool {
        switch self {
        case .timeout, .closed, .protocolViolation: true
        case .unavailable, .overloaded, .server, .configuration: false
        }
    }
}
