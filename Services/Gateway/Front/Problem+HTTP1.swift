import HTTP1
import HTTPTypes
import Kit

extension Problem {
    /// What a caller is told whose bytes are no request.
    init(_ fault: HTTP1Fault) {
        self =
            switch fault.status {
            case 414: Problem(.uriTooLong, "uri_too_long", "The request's target is too long")
            case 417: Problem(.expectationFailed, "expectation_failed", "This expectation is not met here")
            case 431:
                Problem(
                    .requestHeaderFieldsTooLarge, "header_too_large", "The request's fields are too long or too many")
            case 501: .unknownMethod
            case 505:
                Problem(.httpVersionNotSupported, "version_not_supported", "This version of HTTP is not spoken here")
            default: .malformed(fault.reason)
            }
        if fault.status != 400 { detail = fault.reason }
    }
}
