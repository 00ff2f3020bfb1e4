import Domain

/// Why a token was refused: for the log, never for the caller.
public enum TokenRejection: Error, Sendable, Equatable {
    /// It has no form of a token; the word says what is wrong.
    case malformed(String)
    /// It is longer than 8 KiB.
    case tooLong
    /// Its `typ` is not an access token's.
    case type
    /// Its `alg` is not the one of its key.
    case algorithm
    /// No key of the tenant has its `kid`.
    case unknownKey
    /// Its signature is wrong.
    case signature
    /// A claim is missing or of another kind.
    case claim(String)
    /// It is another issuer's.
    case issuer
    /// It is meant for another audience.
    case audience
    /// It is another tenant's.
    case tenant
    /// Its time is over.
    case expired
    /// Its time has not begun.
    case notYetValid
}

/// Checks access tokens of one tenant (RFC 9068 §4, RFC 8725).
public struct AccessTokenVerifier: Sendable {
    private let issuer: String
    private let audience: String?
    private let tenant: String
    private static let maximumLength = 8192
    /// Seconds by which clocks may differ after `exp` and before `iat` and `nbf`.
    private static let expiryLeeway: Int64 = 5
    private static let startLeeway: Int64 = 10

    /// A verifier for tokens of that issuer, audience and tenant; nil takes any audience, for those who look on whom a
    /// token is meant for by themselves.
    public init(issuer: String, audience: String?, tenant: String) {
        self.issuer = issuer
        self.audience = audience
        self.tenant = tenant
    }

    /// The claims of a token that is good now.
    /// - Parameters:
    ///   - token: The compact serialisation.
    ///   - now: Seconds since 1970.
    ///   - key: Finds a key of the tenant's own set.
    public func verify(
        _ token: String, now: Int64, key find: (_ kid: String) -> VerificationKey?
    ) throws(TokenRejection) -> AccessTokenClaims {
        guard token.utf8.count <= Self.maximumLength else { throw .tooLong }
        let bytes = Array(token.utf8)
        let dots = bytes.indices.filter { bytes[$0] == UInt8(ascii: ".") }
        guard dots.count == 2 else { throw .malformed("parts") }
        let key = try header(bytes[..<dots[0]], find)
        guard let signature = Base64URL.decode(bytes[(dots[1] + 1)...]) else { throw .malformed("signature") }
        guard key.isValid(signature, for: Array(bytes[..<dots[1]])) else { throw .signature }
        guard let payload = Base64URL.decode(bytes[(dots[0] + 1)..<dots[1]]),
            let members = ClaimScanner.members(payload)
        else { throw .malformed("payload") }
        return try claims(members, now: now)
    }

    private static let longestOfHeader = 128

    private func header(
        _ part: ArraySlice<UInt8>, _ find: (String) -> VerificationKey?
    ) throws(TokenRejection) -> VerificationKey {
        guard let json = Base64URL.decode(part), let members = ClaimScanner.members(json) else {
            throw .malformed("header")
        }
        // Keys that a token brings itself, and extensions that change how it is read, are never looked at.
        for name in ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"] where members[name] != nil {
            throw .malformed(name)
        }
        // Nothing of a header is longer; a text of combining marks would be compared for as long as its length's square.
        for case .string(let text) in members.values where text.utf8.count > Self.longestOfHeader {
            throw .malformed("header")
        }
        guard case .string(let type)? = members["typ"], ["at+jwt", "application/at+jwt"].contains(type.lowercased())
        else { throw .type }
        guard case .string(let kid)? = members["kid"], !kid.isEmpty, let key = find(kid) else { throw .unknownKey }
        guard case .string(let algorithm)? = members["alg"], algorithm == key.algorithm.rawValue else {
            throw .algorithm
        }
        return key
    }

    private func claims(_ members: [String: ClaimScanner.Value], now: Int64) throws(TokenRejection) -> AccessTokenClaims
    {
        func text(_ name: String) throws(TokenRejection) -> String {
            guard case .string(let text)? = members[name], !text.isEmpty else { throw .claim(name) }
            return text
        }
        func optionalText(_ name: String) throws(TokenRejection) -> String? {
            switch members[name] {
            case nil: return nil
            case .string(let text): return text
            default: throw .claim(name)
            }
        }
        func time(_ name: String) throws(TokenRejection) -> Int64 {
            guard case .integer(let time)? = members[name], (0...253_402_300_799).contains(time) else {
                throw .claim(name)
            }
            return time
        }
        guard try text("iss") == issuer else { throw .issuer }
        let audience: [String]
        switch members["aud"] {
        case .string(let one): audience = [one]
        case .strings(let several): audience = several
        default: throw .claim("aud")
        }
        if let expected = self.audience, !audience.contains(expected) { throw .audience }
        let (issuedAt, expiresAt) = (try time("iat"), try time("exp"))
        guard now < expiresAt + Self.expiryLeeway else { throw .expired }
        guard issuedAt <= now + Self.startLeeway else { throw .notYetValid }
        if members["nbf"] != nil {
            guard try time("nbf") <= now + Self.startLeeway else { throw .notYetValid }
        }
        guard try text("tid") == tenant else { throw .tenant }
        func texts(_ name: String) throws(TokenRejection) -> [String] {
            switch members[name] {
            case nil: return []
            case .strings(let several): return several
            default: throw .claim(name)
            }
        }
        func optionalTime(_ name: String) throws(TokenRejection) -> Int64? {
            members[name] == nil ? nil : try time(name)
        }
        var organization: AccessTokenClaims.Organization?
        if let id = try optionalText("org") {
            let isComplete = members["org_permissions_omitted"] == nil
            organization = .init(
                id: id, role: try text("org_role"), permissions: isComplete ? try texts("org_permissions") : nil)
        }
        return AccessTokenClaims(
            issuer: issuer, subject: try text("sub"), audience: audience, issuedAt: issuedAt, expiresAt: expiresAt,
            id: try text("jti"), clientID: try text("client_id"), scope: try optionalText("scope") ?? "",
            session: try optionalText("sid"), tenant: tenant, organization: organization,
            roles: try texts("roles"), authenticatedAt: try optionalTime("auth_time"), methods: try texts("amr"),
            epoch: try optionalTime("epoch") ?? 0,
            customRoles: try optionalTime("role_epoch").map { epoch throws(TokenRejection) in
                // Permissions that were left out have to be asked for: their absence must not read as none.
                let permissions = members["permissions"] == nil ? nil : try texts("permissions")
                return CustomRoles(epoch: epoch, permissions: permissions)
            })
    }
}
