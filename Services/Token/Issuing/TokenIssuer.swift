import Domain
import FoundationEssentials
import Kit
import Tokens

/// Makes the tokens of grants.
struct TokenIssuer: Sendable {
    let publicURL: String
    let keys: SigningKeyRing
    let codec: RefreshTokenCodec

    /// Gets hold of the tenant's key, before anything is changed that a token has to be issued for: a refresh token that
    /// was used up for nothing would look stolen when it comes back.
    func ready(for tenant: Tenant) async throws -> ReadyIssuer {
        ReadyIssuer(publicURL: publicURL, signer: try await keys.signer(for: tenant), codec: codec)
    }
}

/// An issuer that has the key of the grant's tenant at hand.
struct ReadyIssuer: Sendable {
    let publicURL: String
    let signer: AccessTokenSigner
    let codec: RefreshTokenCodec

    /// The access token of `grant`, and for a person the refresh token of its generation: the same grant always has the
    /// same refresh token.
    func tokens(for grant: Grant) throws -> TokenAnswer {
        let issuer = grant.tenant.issuer(publicURL: publicURL)
        let now = Int64(Date().timeIntervalSince1970)
        var lifetime = grant.lifetime.components.seconds
        if let end = grant.person?.expiresAt {
            lifetime = max(1, min(lifetime, Int64(end.timeIntervalSince1970) - now))
        }
        let person = grant.person
        let claims = AccessTokenClaims(
            issuer: issuer, subject: person?.user.text ?? grant.client, audience: [grant.audience ?? issuer],
            issuedAt: now, expiresAt: now + lifetime, id: UUID.v7().text, clientID: grant.client, scope: grant.scope,
            session: person?.session.text, tenant: grant.tenant.id.text,
            organization: person?.organization.map {
                .init(id: $0.id.text, role: $0.role, permissions: $0.claim)
            }, roles: person?.roles.names ?? [],
            authenticatedAt: person.map { Int64($0.authenticatedAt.timeIntervalSince1970) },
            methods: person?.methods ?? [], epoch: person?.epoch ?? 0,
            customRoles: person?.roles.custom?.fittingToken)
        let refresh = person.map {
            codec.encode(RefreshToken(tenant: grant.tenant.id, session: $0.session, generation: $0.generation))
        }
        return TokenAnswer(
            accessToken: try signer.sign(claims), expiresIn: Int(lifetime), refreshToken: refresh, scope: grant.scope,
            sessionID: person?.session)
    }
}
