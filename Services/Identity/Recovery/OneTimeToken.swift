import FoundationEssentials
import HTTPTypes
import Kit
import Octets
import Postgres
import Tokens

/// A token that came by mail: good once, for one purpose, for a while.
enum OneTimeToken {
    static let prefix = "ghv_"
    static let verification = Duration.seconds(86_400)
    static let reset = Duration.seconds(1800)
    static let invitation = Duration.seconds(7 * 86_400)

    /// What a token is for, by the names of migration 0008.
    enum Purpose: String, Sendable {
        case verifyEmail = "verify_email"
        case resetPassword = "reset_password"
    }

    /// What is stored of a token.
    /// - Throws: `invalid` for a text that can be none.
    static func digest(of token: String) throws(Problem) -> [UInt8] {
        guard token.utf8.count <= 100, token.begins(with: prefix) else { throw invalid }
        return OpaqueSecret.digest(of: token)
    }

    /// Whose it is, without using it up.
    static func holder(
        of token: String, _ purpose: Purpose, tenant: UUID, _ postgres: PostgresClient
    ) async throws -> Holder {
        let digest = try digest(of: token)
        let rows = try await postgres.query(
            holderStatement, [.text(purpose.rawValue), .bytea(digest)], scope: .tenant(tenant))
        guard let row = rows.first else { throw invalid }
        return Holder(
            user: try row.decode(0), email: try row.decode(1), username: try row.decode(2),
            consume: PostgresStep(
                consumeStatement, [.uuid(try row.decode(0)), .text(purpose.rawValue), .bytea(digest)]))
    }

    /// The user a token belongs to, and the step that uses it up: of any number of transactions one gets past it.
    struct Holder: Sendable {
        let user: UUID
        let email: String?
        let username: String?
        let consume: PostgresStep
    }

    /// Whatever is wrong with it: made up, used, too old, or overtaken by a newer one.
    static let invalid = Problem(
        .badRequest, "one_time_token_invalid", "This link or token is not good, or not any more")

    /// Whether a transaction failed because the token was used up meanwhile.
    static func isUsedUp(_ error: PostgresError) -> Bool {
        if case .server(let error) = error { error.sqlState == "GH001" } else { false }
    }

    private static let holderStatement = PostgresStatement(
        "one_time_token_holder", [.text, .bytea],
        """
        select u.id, u.email, u.username
        from one_time_tokens t
        join users u on u.tenant_id = t.tenant_id and u.id = t.user_id and u.state = 'active'
        where t.tenant_id = current_tenant() and t.purpose = $1 and t.digest = $2 and t.expires_at > now()
            and u.email_key = t.email_key
        """)

    private static let consumeStatement = PostgresStatement(
        "one_time_token_consume", [.uuid, .text, .bytea], "select consume_one_time_token($1, $2, $3)")
}
