import FoundationEssentials
import Postgres

enum LoginStatements {
    /// The account a name belongs to, and who stands in its way (migration 0020): always one row, whose account may be null.
    static let account = PostgresStatement(
        "login_account", [.text, .text, .textArray],
        """
        select account, standing, hash, password_version, is_unproven, must_reset, known_device, blocked
        from find_account($1, $2, $3)
        """)

    static let rehash = PostgresStatement(
        "login_rehash", [.uuid, .text, .text],
        """
        update credentials set secret = $3, updated_at = now()
        where tenant_id = current_tenant() and user_id = $1 and kind = 'password' and secret = $2
        """)

    static let record = PostgresStatement(
        "login_record", [.uuid, .uuid, .text, .text, .uuid, .text, .text, .text, .text],
        """
        insert into login_history
            (tenant_id, id, user_id, outcome, reason, session_id, ip, user_agent, device_name, request_id)
        values (current_tenant(), $1, $2, $3, $4, $5, $6::inet, $7, $8, $9)
        """)
}
