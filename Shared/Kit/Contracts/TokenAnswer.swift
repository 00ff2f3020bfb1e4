import Domain
public import FoundationEssentials

/// A token response (RFC 6749 §5.1).
public struct TokenAnswer: ResponseContent {
    /// The access token, a JWT (RFC 9068).
    public var accessToken: String
    /// Seconds until it expires.
    public var expiresIn: Int
    /// The refresh token, good for one use.
    public var refreshToken: String
    /// The granted scope, separated by spaces.
    public var scope: String
    /// The session, which is also the family of the refresh tokens.
    public var sessionID: UUID

    /// A token response.
    public init(accessToken: String, expiresIn: Int, refreshToken: String, scope: String, sessionID: UUID) {
        self.accessToken = accessToken
        self.expiresIn = expiresIn
        self.refreshToken = refreshToken
        self.scope = scope
        self.sessionID = sessionID
    }

    public static let example = TokenAnswer(
        accessToken: "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6Ii4uLiJ9…", expiresIn: 900,
        refreshToken: "ghr_AQGaq…", scope: "", sessionID: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071))

    public func write(to fields: inout some FieldSink) {
        fields.field("access_token", accessToken)
        fields.field("token_type", "Bearer")
        fields.field("expires_in", expiresIn)
        fields.field("refresh_token", refreshToken)
        fields.field("scope", scope)
        fields.field("session_id", sessionID)
    }
}
