import Domain
import Foundation
import Tokens

/// Access tokens that a `TestFront` takes.
enum TestToken {
    static let issuer = "http://localhost"
    static let key = {
        guard let key = try? SigningKey.generate(.es256) else { preconditionFailure("no key") }
        return key
    }()

    /// A token, as a field.
    static func bearer(
        roles: [String] = [], scope: String = "", session: UUID? = nil, lifetime: Int64 = 300
    ) throws -> String {
        "Authorization: Bearer \(try text(roles: roles, scope: scope, session: session, lifetime: lifetime))"
    }

    static func text(
        roles: [String] = [], scope: String = "", session: UUID? = nil, lifetime: Int64 = 300
    ) throws -> String {
        let now = Int64(Date().timeIntervalSince1970)
        return try AccessTokenSigner(key: key).sign(
            AccessTokenClaims(
                issuer: issuer, subject: "5f0c9a50-0000-4000-8000-000000000001", audience: [issuer], issuedAt: now,
                expiresAt: now + lifetime, id: UUID().uuidString.lowercased(), clientID: "app", scope: scope,
                session: session?.uuidString.lowercased(), tenant: DefaultTenant.id.text, roles: roles))
    }
}
