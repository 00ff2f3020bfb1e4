import Octets
public import HTTPTypes
public import Hummingbird
public import NIOCore

/// An error of the OAuth endpoints: RFC 6749 §5.2, never problem details.
public struct OAuthError: Error, Sendable, Equatable {
    /// The registered code.
    public let code: String
    /// For developers: printable ASCII without `"` and `\` (RFC 6749 §5.2).
    public let description: String
    /// 400, but for `invalid_client` (401) and a store that is away (503).
    public let status: HTTPResponse.Status
    /// The scheme to challenge with, when the client tried the `Authorization` header.
    public let challenge: String?

    /// An error of that code.
    public init(
        _ code: String, _ description: String, status: HTTPResponse.Status = .badRequest, challenge: String? = nil
    ) {
        self.code = code
        self.description = description
        self.status = status
        self.challenge = challenge
    }

    /// A parameter is missing, repeated or malformed.
    public static func invalidRequest(_ description: String) -> OAuthError { .init("invalid_request", description) }
    /// The grant or refresh token is not, or no longer, good.
    public static let invalidGrant = OAuthError("invalid_grant", "The grant is not valid, was used, or has ended.")
    /// The client is unknown or did not prove who it is.
    public static let invalidClient = OAuthError("invalid_client", "The client is not known.", status: .unauthorized)
    /// This grant type is not offered.
    public static let unsupportedGrantType = OAuthError("unsupported_grant_type", "This grant type is not offered.")

    /// The body.
    public var body: ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("error", code)
        json.member("error_description", description)
        json.endObject()
        return json.buffer
    }

    /// The whole answer.
    public func response() -> Response {
        var headers: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store", .pragma: "no-cache"]
        if let challenge { headers[.wwwAuthenticate] = challenge }
        if status == .serviceUnavailable { headers[.retryAfter] = "1" }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

extension HTTPField.Name {
    /// `Pragma`, which RFC 6749 §5.1 asks for beside `Cache-Control`.
    static let pragma = HTTPField.Name(rawName: "Pragma")
}

extension HTTPField.Name {
    /// A name known to be valid when the program was written.
    init(rawName: StaticString) {
        guard let name = HTTPField.Name(rawName.description) else {
            preconditionFailure("not a field name: \(rawName)")
        }
        self = name
    }
}
