import Octets
import Domain

/// Makes access tokens: JWS compact serialisation (RFC 7515) with the claims written by hand, because a general encoder
/// costs several times the signature.
public struct AccessTokenSigner: Sendable {
    private let key: SigningKey
    private let header: [UInt8]

    /// A signer with that key; the header is the same for all its tokens and encoded once.
    public init(key: SigningKey) {
        self.key = key
        let header = "{\"alg\":\"\(key.algorithm.rawValue)\",\"typ\":\"at+jwt\",\"kid\":\"\(key.kid)\"}"
        var encoded: [UInt8] = []
        Base64URL.append(header.utf8, to: &encoded)
        encoded.append(UInt8(ascii: "."))
        self.header = encoded
    }

    /// The token that says `claims`.
    public func sign(_ claims: AccessTokenClaims) throws -> String {
        var token = header
        token.reserveCapacity(1024)
        Base64URL.append(claims.json, to: &token)
        let signature = try key.sign(token)
        token.append(UInt8(ascii: "."))
        Base64URL.append(signature, to: &token)
        return String(decoding: token, as: UTF8.self)
    }
}

extension AccessTokenClaims {
    /// The claims' set as JSON (RFC 7519 §7.1).
    fileprivate var json: [UInt8] {
        var json = JSONWriter(room: 512)
        json.beginObject()
        json.member("iss", issuer)
        json.member("sub", subject)
        if audience.count == 1 {
            json.member("aud", audience[0])
        } else {
            json.member("aud", audience)
        }
        json.member("iat", issuedAt)
        json.member("exp", expiresAt)
        json.member("jti", id)
        json.member("client_id", clientID)
        if !scope.isEmpty { json.member("scope", scope) }
        if let session { json.member("sid", session) }
        json.member("tid", tenant)
        if let organization {
            json.member("org", organization.id)
            json.member("org_role", organization.role)
            if let permissions = organization.permissions {
                if !permissions.isEmpty { json.member("org_permissions", permissions) }
            } else {
                json.member("org_permissions_omitted", true)
            }
        }
        if !roles.isEmpty { json.member("roles", roles) }
        if let authenticatedAt { json.member("auth_time", authenticatedAt) }
        if !methods.isEmpty { json.member("amr", methods) }
        if epoch > 0 { json.member("epoch", epoch) }
        if let customRoles {
            json.member("role_epoch", customRoles.epoch)
            if let permissions = customRoles.permissions {
                json.member("permissions", permissions)
            } else {
                json.member("permissions_omitted", true)
            }
        }
        json.endObject()
        return json.bytes
    }
}
