import HTTPTypes
import Kit
import NIOCore

/// A person's password handled by the operator's own client (RFC 6749 §4.3). Identity decides, by the same rules,
/// counters and history as any login; this process hands the request on and keeps nothing of it.
struct PasswordGrant: GrantType {
    let name = "password"
    let identity: InternalClient

    func answer(_ request: TokenRequest) async throws -> TokenAnswer {
        guard request.client.isFirstParty else { throw OAuthError.unauthorizedClient }
        // A session is Gatehouse's own affair; for another resource its refresh token can be exchanged.
        guard request.resource == nil else { throw OAuthError.invalidTarget }
        let login = DelegatedLogin(
            name: try request.form.required("username"), password: try request.form.required("password"),
            client: request.client.identifier, scope: try request.grantedScope().joined(separator: " "),
            deviceName: request.form["device_name"])
        let answer = try await identity.send(
            .post, DelegatedLogin.path, body: login.json, for: request.call.origin)
        switch answer.status {
        case 200:
            guard let tokens = TokenAnswer(parsing: answer.body) else { throw Problem.internalError }
            return tokens
        // Also where the password is right and another has to be chosen first.
        case 401, 403: throw OAuthError.invalidGrant
        case 422: throw OAuthError.invalidRequest("username, scope or device_name is too long.")
        default: throw Problem.unavailable()
        }
    }
}
