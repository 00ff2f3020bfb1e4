import Domain
import FoundationEssentials
import Kit
import Tokens

/// Makes the tokens of a grant.
struct TokenIssuer: Sendable {
    let publicURL: String
    let keys: SigningKeyRing
    let codec: RefreshTokenCodec

    /// The access token and the refresh token of `grant`'s generation. The same grant always has the same refresh token.
    func tokens(for grant: Grant) async throws -> TokenAnswer {
        let signer = try await keys.signer(for: grant.tenant)
        let issuer = grant.tenant.issuer(publicURL: publicURL)
        let now = Int64(Date().timeIntervalSince1970)
        let lifetime = grant.tenant.settings.accessTokenLifetime.components.seconds
        let claims = AccessTokenClaims(
            issuer: issuer, subject: grant.user.text, audience: [issuer], issuedAt: now, expiresAt: now + lifetime,
            id: UUID.v7().text, clientID: grant.client, scope: grant.scope, session: grant.session.text,
            tenant: grant.tenant.id.text, roles: grant.roles)
        let refresh = RefreshToken(tenant: grant.tenant.id, session: grant.session, generation: grant.generation)
        return TokenAnswer(
            accessToken: try signer.sign(claims), expiresIn: Int(lifetime), refreshToken: codec.encode(refresh),
            scope: grant.scope, sessionID: grant.session)
    }
}
