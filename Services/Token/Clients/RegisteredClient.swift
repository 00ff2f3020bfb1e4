import FoundationEssentials
import Postgres
import Tokens

/// An OAuth client as the token endpoint needs it.
struct RegisteredClient: Sendable, Equatable {
    let id: UUID
    /// Its `client_id`.
    let identifier: String
    /// Whether it can keep a secret.
    let isConfidential: Bool
    /// Whether it is the operator's own, and may handle people's passwords.
    let isFirstParty: Bool
    /// The grant types it may use.
    let grantTypes: [String]
    /// The scopes it may ask for.
    let scopes: [String]
    /// The audiences it stands for as a resource server.
    let audiences: [String]
    /// SHA-256 of its secret. A secret is 256 random bits, which need no slow hash.
    private let secretDigest: [UInt8]?

    /// Reads a row of `ClientStatements.active`.
    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode(0)
        identifier = try row.decode(1)
        isConfidential = try row.decode(2, as: String.self) == "confidential"
        isFirstParty = try row.decode(3)
        grantTypes = try row.decode(4)
        scopes = try row.decode(5)
        audiences = try row.decode(6)
        secretDigest = try row.decode(7)
    }

    /// Whether `secret` is this client's. Takes the same time whatever is wrong.
    func hasSecret(_ secret: String) -> Bool { OpaqueSecret.matches(secret, digest: secretDigest) }
}

enum ClientStatements {
    static let active = PostgresStatement(
        "client_active", [.text],
        """
        select id, identifier, kind, is_first_party, grant_types, scopes, audiences, secret_hash
        from clients
        where tenant_id = current_tenant() and identifier = $1 and state = 'active'
        """)

    /// Whether any client of the tenant stands for an audience.
    static let audience = PostgresStatement(
        "client_audience", [.text],
        """
        select 1 from clients
        where tenant_id = current_tenant() and $1 = any (audiences) and state = 'active'
        limit 1
        """)
}
