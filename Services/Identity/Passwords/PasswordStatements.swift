import FoundationEssentials
import Postgres

enum PasswordStatements {
    /// What a change of password begins with.
    static let present = PostgresStatement(
        "password_present", [.uuid, .text],
        """
        select c.secret, u.email, u.username, u.email_verified_at is not null,
            exists (
                select from login_failures f
                where f.tenant_id = u.tenant_id and f.kind = 'session' and f.subject = $2
                    and f.blocked_until > clock_timestamp())
        from users u
        left join credentials c on c.tenant_id = u.tenant_id and c.user_id = u.id and c.kind = 'password'
        where u.tenant_id = current_tenant() and u.id = $1 and u.state = 'active'
        """)

    /// The present password and so many of those before it.
    static let recent = PostgresStatement(
        "password_recent", [.uuid, .int4],
        """
        (select secret from credentials
        where tenant_id = current_tenant() and user_id = $1 and kind = 'password')
        union all
        (select secret from credentials
        where tenant_id = current_tenant() and user_id = $1 and kind = 'former_password'
        order by created_at desc limit $2)
        """)

    /// Ends a user's sessions but one; returns how many, and the event's id or null.
    static let endSessions = PostgresStatement(
        "password_end_sessions", [.uuid, .uuid, .text], "select ended, event_id from end_sessions($1, $2, $3)")

    /// Puts a new password in the place of the one that was checked (migration 0008).
    static func replace(of user: UUID, expected: String?, with hash: String, keeping history: Int) -> PostgresStep {
        PostgresStep(
            replacement, [.uuid(user), .optional(expected), .text(hash), .int4(Int32(clamping: history))])
    }

    /// Whether a transaction failed because the password was changed meanwhile.
    static func wasChangedMeanwhile(_ error: PostgresError) -> Bool {
        if case .server(let error) = error { error.sqlState == "GH002" } else { false }
    }

    private static let replacement = PostgresStatement(
        "password_replace", [.uuid, .text, .text, .int4], "select replace_password($1, $2, $3, $4)")

    /// Links for a new password that were mailed before this one was chosen.
    static let voidResets = PostgresStatement(
        "password_void_resets", [.uuid],
        """
        delete from one_time_tokens
        where tenant_id = current_tenant() and user_id = $1 and purpose = 'reset_password'
        """)
}
