import Postgres

enum UserStatements {
    static let user = PostgresStatement(
        "admin_user", [.uuid],
        """
        select u.id, u.email, u.email_verified_at is not null, u.username, u.display_name, u.state, role_claims(u.id),
            u.locked_at is not null or exists (
                select from login_failures f
                where f.tenant_id = u.tenant_id and f.kind = 'account' and f.subject = u.id::text
                    and f.blocked_until > now()),
            u.created_at, u.updated_at
        from users u
        where u.tenant_id = current_tenant() and u.id = $1
        """)

    /// Users of state $1 before the id $2; the ids rise with time.
    static let list = PostgresStatement(
        "admin_user_list", [.text, .uuid, .int4],
        """
        select u.id, u.email, u.email_verified_at is not null, u.username, u.display_name, u.state, role_claims(u.id),
            u.locked_at is not null or exists (
                select from login_failures f
                where f.tenant_id = u.tenant_id and f.kind = 'account' and f.subject = u.id::text
                    and f.blocked_until > now()),
            u.created_at, u.updated_at
        from users u
        where u.tenant_id = current_tenant() and ($1 is null or u.state = $1)
            and u.id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        order by u.id desc
        limit $3
        """)

    /// Those of them whose e-mail address or username begins with $4. Found apart from the rest: else the limit makes a
    /// walk through all users look cheap.
    static let search = PostgresStatement(
        "admin_user_search", [.text, .uuid, .int4, .text],
        """
        with found as materialized (
            select id from users where tenant_id = current_tenant() and email_key ^@ identity_key($4)
            union
            select id from users where tenant_id = current_tenant() and username_key ^@ identity_key($4)
        )
        select u.id, u.email, u.email_verified_at is not null, u.username, u.display_name, u.state, role_claims(u.id),
            u.locked_at is not null or exists (
                select from login_failures f
                where f.tenant_id = u.tenant_id and f.kind = 'account' and f.subject = u.id::text
                    and f.blocked_until > now()),
            u.created_at, u.updated_at
        from found
        join users u on u.tenant_id = current_tenant() and u.id = found.id
        where ($1 is null or u.state = $1) and u.id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        order by u.id desc
        limit $3
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

    /// Closes an account until it is unlocked.
    static let block = PostgresStatement(
        "admin_user_block", [.text],
        "update users set locked_at = now() where tenant_id = current_tenant() and id = $1::uuid")
}
