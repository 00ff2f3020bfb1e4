import Domain
import Kit
import Tokens

/// Exchanges a refresh token (RFC 6749 §6, RFC 9700 §4.14.2).
struct RefreshTokenGrant: GrantType {
    let name = "refresh_token"
    let rotation: Rotation
    let codec: RefreshTokenCodec
    let issuer: TokenIssuer

    func answer(_ request: TokenRequest) async throws -> TokenAnswer {
        // A forged, mistyped or foreign token ends here and never reaches the database.
        guard let token = codec.parse(try request.form.required("refresh_token")), token.tenant == request.tenant.id
        else { throw OAuthError.invalidGrant }
        let choice = request.form["organization"].map { OrganizationChoice($0) } ?? .unchanged
        guard let choice else { throw OAuthError.foreignOrganization }
        let issuer = try await issuer.ready(for: request.tenant)
        let rotated = try await rotation.rotate(
            .init(
                token: token, tenant: request.tenant, client: request.client.identifier, lifetimes: request.lifetimes,
                scope: request.scope, audience: request.resource, organization: choice), request.call.logger)
        switch rotated {
        case .rotated(let grant): return try issuer.tokens(for: grant)
        case .scopeTooWide: throw OAuthError.invalidScope
        case .foreignOrganization: throw OAuthError.foreignOrganization
        case .refused: throw OAuthError.invalidGrant
        }
    }
}

extension OAuthError {
    /// Not `invalid_grant`: the refresh token is as good as before, and a client library would throw it away.
    fileprivate static let foreignOrganization = OAuthError.invalidRequest(
        "organization must be none or an organization that the user belongs to.")
}
