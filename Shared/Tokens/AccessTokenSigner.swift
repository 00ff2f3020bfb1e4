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
        Base64URL.append(ClaimsWriter.json(claims), to: &token)
        let signature = try key.sign(token)
        token.append(UInt8(ascii: "."))
        Base64URL.append(signature, to: &token)
        return String(decoding: token, as: UTF8.self)
    }
}

/// Writes claims as JSON.
private struct ClaimsWriter {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    static func json(_ claims: AccessTokenClaims) -> [UInt8] {
        var writer = ClaimsWriter()
        writer.bytes.reserveCapacity(512)
        writer.member("iss", claims.issuer)
        writer.member("sub", claims.subject)
        if claims.audience.count == 1 {
            writer.member("aud", claims.audience[0])
        } else {
            writer.member("aud", claims.audience)
        }
        writer.member("iat", claims.issuedAt)
        writer.member("exp", claims.expiresAt)
        writer.member("jti", claims.id)
        writer.member("client_id", claims.clientID)
        if !claims.scope.isEmpty { writer.member("scope", claims.scope) }
        if let session = claims.session { writer.member("sid", session) }
        writer.member("tid", claims.tenant)
        if let organization = claims.organization {
            writer.member("org", organization.id)
            writer.member("org_role", organization.role)
            if organization.permissions == nil { writer.flag("org_permissions_omitted") }
            if let permissions = organization.permissions, !permissions.isEmpty {
                writer.member("org_permissions", permissions)
            }
        }
        if !claims.roles.isEmpty { writer.member("roles", claims.roles) }
        if let time = claims.authenticatedAt { writer.member("auth_time", time) }
        if !claims.methods.isEmpty { writer.member("amr", claims.methods) }
        if claims.epoch > 0 { writer.member("epoch", claims.epoch) }
        if let custom = claims.customRoles {
            writer.member("role_epoch", custom.epoch)
            if let permissions = custom.permissions {
                writer.member("permissions", permissions)
            } else {
                writer.flag("permissions_omitted")
            }
        }
        writer.bytes.append(UInt8(ascii: "}"))
        return writer.bytes
    }

    private mutating func name(_ name: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func member(_ name: StaticString, _ value: String) {
        self.name(name)
        bytes.append(quoting: value)
    }

    private mutating func flag(_ name: StaticString) {
        self.name(name)
        bytes.append(contentsOf: "true".utf8)
    }

    private mutating func member(_ name: StaticString, _ value: Int64) {
        self.name(name)
        bytes.append(contentsOf: String(value).utf8)
    }

    private mutating func member(_ name: StaticString, _ values: [String]) {
        self.name(name)
        bytes.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(quoting: value)
        }
        bytes.append(UInt8(ascii: "]"))
    }
}
