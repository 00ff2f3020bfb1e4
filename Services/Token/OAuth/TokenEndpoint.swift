import Domain
import HTTPTypes
import Hummingbird
import Kit

/// The token endpoint (RFC 6749 §3.2): finds the client, then asks the grant type.
struct TokenEndpoint {
    let authentication: ClientAuthentication
    let clients: ClientDirectory
    let grants: [any GrantType]

    var endpoint: Operation {
        let this = self
        return Route(.post, "/oauth2/token", id: "token", tag: "oauth2", summary: "Get tokens for a grant")
            .speakingOAuth()
            .problem(.badRequest, "invalid_request, invalid_grant, invalid_scope, unsupported_grant_type")
            .problem(.unauthorized, "invalid_client")
            .respond(OAuthForm.self, formats: [.form], answer: TokenAnswer.self) { call, form in
                var response = Response.content(try await this.answer(call, form))
                if let pragma = HTTPField.Name("Pragma") { response.headers[pragma] = "no-cache" }
                return response
            }
    }

    private func answer(_ call: Call, _ form: OAuthForm) async throws -> TokenAnswer {
        let name = try form.required("grant_type")
        let (tenant, client) = try await authentication.authenticate(call, form)
        guard let grant = grants.first(where: { $0.name == name }) else { throw OAuthError.unsupportedGrantType }
        guard client.grantTypes.contains(name) else { throw OAuthError.unauthorizedClient }
        if let resource = form["resource"], try await !clients.isAudience(resource, of: tenant.id) {
            throw OAuthError.invalidTarget
        }
        let request = TokenRequest(
            call: call, tenant: tenant, client: client, form: form, scope: try form.scope(),
            resource: form["resource"])
        return try await grant.answer(request)
    }
}
