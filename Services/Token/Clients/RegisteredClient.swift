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
    /// How long its access tokens live; nil as its tenant has it.
    let accessTokenLifetime: Duration?
    /// How long its sessions live without a refresh; nil as its tenant has it.
    let sessionIdleLifetime: Duration?
    /// How long its sessions live at all; nil as its tenant has it.
    let sessionLifetime: Duration?
    /// SHA-256 of its secret. A secret is 256 random bits, which need no slow hash.
    private let secretDigest: [UInt8]?
    /// The same of the secret before, and until when that is good beside it.
    private let formerDigest: [UInt8]?
    private let formerExpiresAt: Date?

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
        formerDigest = try row.decode(8)
        formerExpiresAt = try row.decode(9)
        func lifetime(_ column: Int) throws(PostgresError) -> Duration? {
            try row.decode(column, as: Int?.self).map { .seconds($0) }
        }
        accessTokenLifetime = try lifetime(10)
        sessionIdleLifetime = try lifetime(11)
        sessionLifetime = try lifetime(12)
    }

    /// Whether `secret` is this client's. Takes the same time whatever is wrong.
    func hasSecret(_ secret: String) -> Bool {
        let given = OpaqueSecret.digest(of: secret)
        let isCurrent = OpaqueSecret.isSame(given, secretDigest)
        let isFormer = OpaqueSecret.isSame(given, formerDigest)
        return isCurrent || isFormer && formerExpiresAt.map { Date() < $0 } ?? false
    }
}

enum ClientStatements {
    static let active = PostgresStatement(
        "client_active", [.text],
        """
        select id, identifier, kind, is_first_party, grant_types, scopes, audiences, secret_hash,
            former_secret_hash, former_secret_expires_at, access_token_lifetime_seconds, session_idle_lifetime_seconds,
            session_lifetime_seconds
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
