import Domain
public import FoundationEssentials
public import NIOCore

/// A token response (RFC 6749 §5.1).
public struct TokenAnswer: ResponseContent {
    /// The access token, a JWT (RFC 9068).
    public var accessToken: String
    /// Seconds until it expires.
    public var expiresIn: Int
    /// The refresh token, good for one use; nil when a client speaks for itself.
    public var refreshToken: String?
    /// The granted scope, separated by spaces.
    public var scope: String
    /// The session, which is also the family of the refresh tokens.
    public var sessionID: UUID?
    /// At a login from a device that isn't known: what it shows at the next one, so that nobody's guesses keep it out.
    public var deviceToken: String?

    /// A token response.
    public init(accessToken: String, expiresIn: Int, refreshToken: String?, scope: String, sessionID: UUID?) {
        self.accessToken = accessToken
        self.expiresIn = expiresIn
        self.refreshToken = refreshToken
        self.scope = scope
        self.sessionID = sessionID
    }

    /// Reads what another process wrote; nil when it is something else.
    public init?(parsing body: ByteBuffer) {
        guard let json = try? JSONParser.parse(body.readableBytesView) else { return nil }
        self.init(json)
    }

    /// Reads what another process wrote, in one object with more of its own; nil when it is something else.
    init?(_ json: JSONValue) {
        guard let access = json["access_token"]?.string, let lifetime = json["expires_in"]?.integer else { return nil }
        self.init(
            accessToken: access, expiresIn: lifetime, refreshToken: json["refresh_token"]?.string,
            scope: json["scope"]?.string ?? "",
            sessionID: json["session_id"]?.string.flatMap { UUID(canonical: $0) })
    }

    public static let example = TokenAnswer(
        accessToken: "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6Ii4uLiJ9…", expiresIn: 900,
        refreshToken: "ghr_AQGaq…", scope: "", sessionID: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071))

    public func write(to fields: inout some FieldSink) {
        fields.field("access_token", accessToken)
        fields.field("token_type", "Bearer")
        fields.field("expires_in", expiresIn)
        fields.member("refresh_token", ifAny: refreshToken)
        fields.field("scope", scope)
        fields.member("session_id", ifAny: sessionID?.text)
        fields.member("device_token", ifAny: deviceToken)
    }
}
