/// Why a connection was not made or is given up.
enum LinkFailure: Error, Equatable {
    case unreachable(String)
    case timedOut
    case closedByServer
    case hung
    case stale
    case notPrimary
    case loading
    /// With the error's first word only: its text might repeat what was sent.
    case loginRefused(prefix: String)
    case greetingRefused(step: String, prefix: String)
    case unknownPrimary
    case protocolViolation
    case broken(String)
    case shutDown

    /// What becomes of commands that wait for an answer.
    var commandError: RedisError {
        switch self {
        case .protocolViolation: .protocolViolation
        case .shutDown: .closed
        default: .unavailable
        }
    }
}

extension LinkFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .timedOut: "no answer in time"
        case .closedByServer: "closed by the server"
        case .hung: "the server does not answer"
        case .stale: "no sign of life"
        case .notPrimary: "not a primary"
        case .loading: "still loading its data"
        case .loginRefused(let prefix): "login refused (\(prefix))"
        case .greetingRefused(let step, let prefix): "\(step) refused (\(prefix))"
        case .unknownPrimary: "does not know the primary's name"
        case .protocolViolation: "what came is no RESP, too large or too deep"
        case .broken(let reason): reason
        case .shutDown: "shut down"
        }
    }
}

/// Why none of the servers could be used.
struct ConnectFailure: Error, CustomStringConvertible {
    var attempts: [(host: RedisConfiguration.Host, failure: LinkFailure)] = []

    var description: String {
        attempts.map { "\($0.host): \($0.failure)" }.joined(separator: "; ")
    }
}
