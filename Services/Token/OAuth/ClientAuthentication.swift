import Directory
import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Logging

/// Finds out which client asks, by `client_secret_basic`, `client_secret_post` or, for public clients, `none`
/// (RFC 6749 §2.3).
struct ClientAuthentication: Sendable {
    let tenants: TenantDirectory
    let clients: ClientDirectory

    /// The methods, as the metadata names them.
    static let methods = ["client_secret_basic", "client_secret_post", "none"]

    private struct Credentials {
        let identifier: String
        let secret: String?
        let isHeader: Bool
    }

    /// The tenant and the client of a request.
    /// - Throws: `invalid_client` (401) when the client is unknown or did not prove who it is, `invalid_request` when it
    ///   tried two ways at once.
    func authenticate(_ call: Call, _ form: OAuthForm) async throws -> (Tenant, RegisteredClient) {
        guard let tenant = tenants.tenant(call.tenant), tenant.isActive else { throw OAuthError.invalidClient }
        let credentials = try Self.credentials(call, form)
        let refusal = OAuthError(
            "invalid_client", "The client is not known.", status: .unauthorized,
            challenge: credentials.isHeader ? Self.challenge : nil)
        guard ClientIdentifier.isOne(credentials.identifier),
            let client = try await clients.client(credentials.identifier, of: tenant.id)
        else {
            call.logger.info("client refused", metadata: ["reason": "unknown"])
            throw refusal
        }
        // A public client has no secret to prove; one that comes with a secret is not the one it says.
        let isProven =
            client.isConfidential
            ? credentials.secret.map(client.hasSecret) ?? false : credentials.secret == nil
        guard isProven else {
            call.logger.info("client refused", metadata: ["reason": "secret", "client": "\(client.identifier)"])
            throw refusal
        }
        return (tenant, client)
    }

    private static func credentials(_ call: Call, _ form: OAuthForm) throws(OAuthError) -> Credentials {
        let fields = call.head.headerFields[values: .authorization]
        guard let field = fields.first else {
            // Who does not say who it is has not proven who it is (RFC 6749 §5.2).
            guard let identifier = form["client_id"] else { throw .invalidClient }
            return Credentials(identifier: identifier, secret: form["client_secret"], isHeader: false)
        }
        guard form["client_secret"] == nil else {
            throw .invalidRequest("The client may prove who it is in one way only.")
        }
        // Of two fields the first must not decide: what stands between may have judged by the other.
        guard fields.count == 1, let (identifier, secret) = basic(field) else {
            throw OAuthError(
                "invalid_client", "The Authorization field is no Basic credentials.", status: .unauthorized,
                challenge: challenge)
        }
        // By bytes: neither is known to be an identifier yet, and strings of any length are compared in any time.
        if let named = form["client_id"], !named.utf8.elementsEqual(identifier.utf8) {
            throw .invalidRequest("client_id and the Authorization field name different clients.")
        }
        // As in the form, an empty secret is as good as none: that is how some public clients name themselves.
        return Credentials(identifier: identifier, secret: secret.isEmpty ? nil : secret, isHeader: true)
    }

    /// RFC 7617 §2.
    private static let challenge = "Basic realm=\"Gatehouse\", charset=\"UTF-8\""

    /// Splits at the first colon, then decodes both halves as form values, as RFC 6749 §2.3.1 has it.
    static func basic(_ field: String) -> (identifier: String, secret: String)? {
        // By bytes: to tell characters takes more than all the rest.
        let field = field.utf8.drop { $0 == UInt8(ascii: " ") }
        let scheme = field.prefix { $0 != UInt8(ascii: " ") }
        guard Substring(scheme).lowercased() == "basic",
            let data = Data(base64Encoded: Data(field[scheme.endIndex...].drop { $0 == UInt8(ascii: " ") }))
        else { return nil }
        let pair = Array(data)
        guard let colon = pair.firstIndex(of: UInt8(ascii: ":")), let identifier = try? Form.decode(pair[..<colon]),
            let secret = try? Form.decode(pair[(colon + 1)...]), !identifier.isEmpty
        else { return nil }
        return (identifier, secret)
    }
}
