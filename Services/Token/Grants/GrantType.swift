import Domain
import Kit

/// One way to get tokens at the token endpoint. Adding one is a file beside these and a line where they are listed, in
/// `main.swift`.
protocol GrantType: Sendable {
    /// Its `grant_type`.
    var name: String { get }
    /// Answers a request of a client that has proven who it is and may use this grant type.
    func answer(_ request: TokenRequest) async throws -> TokenAnswer
}

/// A request at the token endpoint, as far as all grant types have it in common.
struct TokenRequest: Sendable {
    let call: Call
    let tenant: Tenant
    let client: RegisteredClient
    let form: OAuthForm
    /// The scope that is asked for; nil when it is left open.
    let scope: [String]?
    /// The resource the token is to be for, which is known; nil for Gatehouse's own API.
    let resource: String?

    /// How long what is issued lives.
    var lifetimes: TokenLifetimes { TokenLifetimes(tenant.settings, client) }

    /// The scope to grant anew: what is asked for, or all that the client may have.
    /// - Throws: `invalid_scope` for one that the client may not ask for.
    func grantedScope() throws(OAuthError) -> [String] {
        guard let scope else { return client.scopes }
        guard scope.allSatisfy(client.scopes.contains) else { throw .invalidScope }
        return scope
    }
}
