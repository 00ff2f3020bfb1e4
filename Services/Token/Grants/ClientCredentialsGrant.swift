import Kit

/// A client's own access token (RFC 6749 §4.4): no person, no session, no refresh token.
struct ClientCredentialsGrant: GrantType {
    let name = "client_credentials"
    let issuer: TokenIssuer

    func answer(_ request: TokenRequest) async throws -> TokenAnswer {
        guard request.client.isConfidential else { throw OAuthError.unauthorizedClient }
        let scope = try request.grantedScope().joined(separator: " ")
        return try await issuer.ready(for: request.tenant).tokens(
            for: Grant(
                tenant: request.tenant, client: request.client.identifier, lifetime: request.lifetimes.accessToken,
                scope: scope, audience: request.resource, person: nil))
    }
}
