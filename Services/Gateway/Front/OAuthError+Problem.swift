import HTTPTypes
import Kit

extension OAuthError {
    /// A problem as callers of OAuth endpoints expect it (RFC 6749 §5.2); nil where it says that there is no such
    /// endpoint at all.
    init?(_ problem: Problem) {
        switch problem.status {
        case .badRequest, .contentTooLarge, .requestTimeout:
            self.init("invalid_request", problem.detail ?? problem.title, status: problem.status)
        case .badGateway, .serviceUnavailable, .gatewayTimeout:
            self.init("temporarily_unavailable", problem.detail ?? problem.title, status: problem.status)
        default: return nil
        }
    }
}
