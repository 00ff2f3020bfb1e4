import Postgres

enum UserStatements {
    private static let columns = """
        u.id, u.email, u.email_verified_at is not null, u.username, u.display_name, u.state, role_claims(u.id),
            u.locked_at is not null or exists (
                select from login_failures f
                where f.tenant_id = u.tenant_id and f.kind = 'account' and f.subject = u.id::text
                    and f.blocked_until > now()),
            u.created_at, u.updated_at
        """

    static let user = PostgresStatement(
        "admin_user", [.uuid],
        """
        select \(columns)
        from users u
        where u.tenant_id = current_tenant() and u.id = $1
        """)

    static let users = PostgresStatement(
        "admin_users", [.uuidArray],
        """
        select \(columns)
        from users u
        where u.tenant_id = current_tenant() and u.id = any ($1)
        """)

    /// Whoever changes a user waits for others that do.
    static let lock = PostgresStatement(
        "admin_user_lock", [.uuid],
        "select 1 from users where tenant_id = current_tenant() and id = $1 for no key update")

    /// Sets what a change may set. An address that is another is not proven, unless $5 says so.
    static let update = PostgresStatement(
        "admin_user_update", [.uuid, .text, .text, .text, .bool, .text],
        """
        update users set email = $2, username = $3, display_name = $4, state = $6, updated_at = now(),
            email_verified_at = case
                when coalesce($5, true) and email_key is not distinct from identity_key($2)
                    then coalesce(email_verified_at, case when $5 then now() end)
                when $5 then now()
            end
        where tenant_id = current_tenant() and id = $1
        """)

    /// One at a time decides whether the last superuser goes; the lock is the one of remove_user.
    static let lockRemovals = PostgresStatement(
        "admin_user_lock_removals", [],
        "select 1 from pg_advisory_xact_lock(hashtextextended('gatehouse.remove_user/' || current_tenant(), 0))")

    static let otherSuperusers = PostgresStatement(
        "admin_user_other_superusers", [.uuid],
        """
        select 1 from users
        where tenant_id = current_tenant() and id <> $1 and is_superuser and state = 'active' and locked_at is null
        limit 1
        """)

    static let remove = PostgresStatement("admin_user_remove", [.uuid], "select 1 from remove_user($1)")

    /// Ends every session of a user; returns the event's id or null, and how many ended.
    static let endSessions = PostgresStatement(
        "admin_user_end_sessions", [.uuid, .text], "select event_id, ended from end_sessions($1, null, $2)")

    /// Cuts off a user's access tokens; returns the event's id.
    static let raiseEpoch = PostgresStatement(
        "admin_user_raise_epoch", [.uuid, .text], "select raise_token_epoch($1, $2)")

    /// Opens an account: takes the lock off, and forgets the failures.
    static let unlock = PostgresStatement(
        "admin_user_unlock", [.text],
        """
        with forgotten as (
            delete from login_failures where tenant_id = current_tenant() and kind = 'account' and subject = $1
        )
        update users set locked_at = null where tenant_id = current_tenant() and id = $1::uuid
        """)

    static let forceReset = PostgresStatement(
        "admin_user_force_reset", [.uuid],
        """
        update users set must_reset_password = true, updated_at = now() where tenant_id = current_tenant() and id = $1
        """)

    static let mailReset = PostgresStatement(
        "admin_user_mail_reset", [.uuid, .text], "select post_mail($1, 'reset_password', null, $2, 3)")

    static let insert = PostgresStatement(
        "admin_user_insert", [.uuid, .text, .text, .text, .text, .bool],
        """
        insert into users (tenant_id, id, email, username, display_name, state, email_verified_at)
        values (current_tenant(), $1, $2, $3, $4, $5, case when $6 then now() end)
        """)

    static let insertPassword = PostgresStatement(
        "admin_user_insert_password", [.uuid, .uuid, .text],
        """
        insert into credentials (tenant_id, user_id, id, kind, secret)
        values (current_tenant(), $1, $2, 'password', $3)
        """)

    /// Closes an account until it is unlocked.
    static let block = PostgresStatement(
        "admin_user_block", [.text],
        "update users set locked_at = now() where tenant_id = current_tenant() and id = $1::uuid")
}
