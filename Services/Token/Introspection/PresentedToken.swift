import Directory
import Domain
import FoundationEssentials
import Tokens

/// A token that a client asks about or wants revoked, of whichever kind it is. The hint of a request only says where to
/// look first, and looking is cheap: both kinds can be told apart by their form.
enum PresentedToken {
    case refresh(RefreshToken)
    case access(AccessTokenClaims)
}

/// Recognises tokens of a tenant.
struct TokenReader: Sendable {
    let publicURL: String
    let keys: KeyDirectory
    let codec: RefreshTokenCodec

    /// The token of that text, or nil when it is none of the tenant's, or an access token that has expired.
    func read(_ text: String, of tenant: Tenant) -> PresentedToken? {
        if let token = codec.parse(text) { return token.tenant == tenant.id ? .refresh(token) : nil }
        let verifier = AccessTokenVerifier(
            issuer: tenant.issuer(publicURL: publicURL), audience: nil, tenant: tenant.id.text)
        let now = Int64(Date().timeIntervalSince1970)
        let claims = try? verifier.verify(text, now: now) { keys.key($0, of: tenant.id) }
        return claims.map(PresentedToken.access)
    }
}
