public import HTTPTypes

extension Problem {
    /// 400: the body or framing can't be read.
    public static func malformed(_ detail: String) -> Problem {
        Problem(.badRequest, "malformed_request", "The request can't be read", detail: detail)
    }

    /// 422: fields were read but break rules.
    public static func validation(_ errors: [FieldError]) -> Problem {
        Problem(.unprocessableContent, "validation_failed", "Some fields are not as they should be", errors: errors)
    }

    /// 401: no or bad credentials at login, whatever the cause.
    public static let invalidCredentials = Problem(
        .unauthorized, "invalid_credentials", "The credentials are not right", headers: [.wwwAuthenticate: "Bearer"])

    /// 401: a bearer token is missing (no error code in the challenge, RFC 6750 §3.1).
    public static let unauthenticated = Problem(
        .unauthorized, "unauthenticated", "A bearer token is needed", headers: [.wwwAuthenticate: "Bearer"])

    /// 401: the bearer token was refused; why is in the log only.
    public static let invalidToken = Problem(
        .unauthorized, "invalid_token", "The access token is not accepted",
        headers: [.wwwAuthenticate: "Bearer error=\"invalid_token\""])

    /// 403: known, but not allowed.
    public static let forbidden = Problem(.forbidden, "forbidden", "This needs a right that you don't have")

    /// 403 with a word on what is not allowed.
    public static func forbidden(_ detail: String) -> Problem {
        var problem = Problem.forbidden
        problem.detail = detail
        return problem
    }

    /// 404: absent, or another tenant's.
    public static let notFound = Problem(.notFound, "not_found", "There is no such thing here")

    /// 405: the path exists, but not with this method.
    public static func methodNotAllowed(_ allowed: [HTTPRequest.Method]) -> Problem {
        Problem(
            .methodNotAllowed, "method_not_allowed", "This path does not take that method",
            headers: [.allow: allowed.map(\.rawValue).sorted().joined(separator: ", ")])
    }

    /// 409: a state rule is broken.
    public static func conflict(_ code: String, _ title: String, errors: [FieldError] = []) -> Problem {
        Problem(.conflict, code, title, errors: errors)
    }

    /// 408: the body came too slowly.
    public static let requestTimeout = Problem(
        .requestTimeout, "request_timeout", "The request came too slowly")

    /// 412: what is to be changed is not what the caller knows it as.
    public static let preconditionFailed = Problem(
        .preconditionFailed, "precondition_failed", "It has changed since it was read")

    /// 413: more body than this path takes.
    public static let payloadTooLarge = Problem(.contentTooLarge, "payload_too_large", "The body is too big")

    /// 415: a media type this path does not read.
    public static func unsupportedMediaType(_ accepted: String) -> Problem {
        Problem(
            .unsupportedMediaType, "unsupported_media_type", "This path reads another media type",
            detail: "Send \(accepted).")
    }

    /// 429: more often than the route's limits let.
    /// - Parameter retryAfter: Whole seconds after which the next request passes.
    public static func rateLimited(retryAfter: String) -> Problem {
        Problem(
            .tooManyRequests, "rate_limited", "Too many requests", headers: [.retryAfter: retryAfter])
    }

    /// 500: our fault; what happened is in the log under the request's id.
    public static let internalError = Problem(
        .internalServerError, "internal_error", "Something went wrong on our side")

    /// 502: a process behind the gateway answered with something that can't be passed on.
    public static let badGateway = Problem(.badGateway, "bad_gateway", "The service behind this path did not answer")

    /// 503: a store or process is away.
    /// - Parameter retryAfter: Seconds the caller should wait.
    public static func unavailable(retryAfter: Int = 1) -> Problem {
        Problem(
            .serviceUnavailable, "dependency_unavailable", "Something this needs is away just now",
            headers: [.retryAfter: String(retryAfter)])
    }

    /// 503: more work than can be taken.
    /// - Parameter retryAfter: Seconds the caller should wait.
    public static func overloaded(retryAfter: Int = 1) -> Problem {
        Problem(
            .serviceUnavailable, "overloaded", "Too much work is waiting already",
            headers: [.retryAfter: String(retryAfter)])
    }

    /// 504: a process behind the gateway took too long.
    public static let gatewayTimeout = Problem(
        .gatewayTimeout, "gateway_timeout", "The service behind this path took too long")
}
