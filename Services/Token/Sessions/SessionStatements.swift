import Postgres

enum SessionStatements {
    /// Lets whatever else changes this user's sessions or password end before, and begin after.
    static let lockUser = PostgresStatement("session_lock_user", [.uuid], "select lock_user($1)")

    /// Opens a session when user and client may, and while the password is the one that was checked; returns what its
    /// tokens say.
    static let open = PostgresStatement(
        "session_open",
        [.uuid, .uuid, .text, .textArray, .text, .text, .text, .text, .text, .float8, .float8, .text, .int8],
        """
        with opened as (
            insert into sessions
                (tenant_id, id, user_id, client_id, amr, device_name, user_agent, browser, os, ip, created_at,
                    refreshed_at, last_seen_at, idle_expires_at, expires_at, scope)
            select u.tenant_id, $1, u.id, c.id, $4, $5, $6, $7, $8, $9::inet, clock_timestamp(),
                clock_timestamp(), clock_timestamp(),
                now() + make_interval(secs => least($10, $11)), now() + make_interval(secs => $11), $12
            from users u
            join clients c on c.tenant_id = u.tenant_id and c.identifier = $3 and c.state = 'active'
            where u.tenant_id = current_tenant() and u.id = $2 and u.state = 'active' and u.locked_at is null
                and ($13 is null or not u.must_reset_password and exists (
                    select from credentials k
                    where k.tenant_id = u.tenant_id and k.user_id = u.id and k.kind = 'password' and k.version = $13))
            returning tenant_id, user_id, amr, authenticated_at, least(expires_at, idle_expires_at) as ends_at
        )
        select opened.user_id,
            array(
                select unnest(r.claims) from user_roles ur
                join roles r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
                where ur.tenant_id = opened.tenant_id and ur.user_id = opened.user_id
                union all select 'superuser' where u.is_superuser
            ),
            u.token_epoch, opened.amr, opened.authenticated_at, opened.ends_at
        from opened
        join users u on u.tenant_id = opened.tenant_id and u.id = opened.user_id
        """)

    /// Ends the oldest sessions beyond the most a user may have; returns the event's id, or null.
    static let trim = PostgresStatement(
        "session_trim", [.uuid, .int4, .uuid], "select event_id from trim_sessions($1, $2, $3)")

    /// Ends one session of a user, with a row in the audit log; returns its event's id, or nothing when it had ended
    /// already.
    static let end = PostgresStatement(
        "session_end", [.uuid, .uuid, .text, .uuid, .text, .text],
        """
        with ended as (
            update sessions set revoked_at = now(), revoked_reason = $3
            where tenant_id = current_tenant() and id = $1 and user_id = $2 and revoked_at is null
            returning tenant_id, id, user_id
        ), noted as (
            insert into audit_log
                (tenant_id, id, actor_kind, actor_id, action, target_kind, target_id, ip, request_id, detail)
            select tenant_id, $4, 'user', user_id, 'session.ended', 'session', id::text, $5::inet, $6,
                jsonb_build_object('reason', $3::text)
            from ended
        )
        insert into events (tenant_id, kind, subject_id, payload)
        select tenant_id, 'session.revoked', id, jsonb_build_object('user', user_id, 'reason', $3::text) from ended
        returning id
        """)

    /// Ends every session of a user but one; returns how many, and the event's id or null.
    static let endAll = PostgresStatement(
        "session_end_all", [.uuid, .uuid, .text], "select ended, event_id from end_sessions($1, $2, $3)")
}
