import FoundationEssentials
import Tokens

/// A key, a good token of it and the verifier that takes it.
struct TokenFixture {
    static let now: Int64 = 1_800_000_000
    let key: SigningKey
    let claims = AccessTokenClaims(
        issuer: "https://id.example", subject: "u-1", audience: ["https://id.example"], issuedAt: now,
        expiresAt: now + 900, id: "j-1", clientID: "app", scope: "a b", session: "s-1", tenant: "t-1",
        organization: .init(id: "o-1", role: "librarian", permissions: ["documents:read", "documents:write"]),
        roles: ["USER", "quo\"te"])
    let verifier = AccessTokenVerifier(issuer: "https://id.example", audience: "https://id.example", tenant: "t-1")

    init(_ algorithm: SigningAlgorithm = .es256) throws {
        key = try SigningKey.generate(algorithm)
    }

    var token: String { get throws { try AccessTokenSigner(key: key).sign(claims) } }

    /// Signs any header and payload with the real key.
    func forge(header: String, payload: String) throws -> String {
        let input = Self.encode(Array(header.utf8)) + "." + Self.encode(Array(payload.utf8))
        return input + "." + Self.encode(try key.sign(Array(input.utf8)))
    }

    func verify(_ token: String, now: Int64 = now) throws(TokenRejection) -> AccessTokenClaims {
        try verifier.verify(token, now: now) { $0 == key.kid ? key.verificationKey : nil }
    }

    var header: String { #"{"alg":"ES256","typ":"at+jwt","kid":"\#(key.kid)"}"# }

    static func payload(_ changes: [String: String] = [:]) -> String {
        var members = [
            "iss": #""https://id.example""#, "sub": #""u-1""#, "aud": #""https://id.example""#, "iat": "\(now)",
            "exp": "\(now + 900)", "jti": #""j-1""#, "client_id": #""app""#, "tid": #""t-1""#,
        ]
        for (name, value) in changes { members[name] = value.isEmpty ? nil : value }
        return "{" + members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    static func encode(_ bytes: [UInt8]) -> String {
        var text = Data(bytes).base64EncodedString()
        while text.hasSuffix("=") { text.removeLast() }
        return String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }
}
