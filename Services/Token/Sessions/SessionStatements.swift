import Postgres

enum SessionStatements {
    /// Opens a session when user and client may; returns what its tokens say.
    static let open = PostgresStatement(
        "session_open", [.uuid, .uuid, .text, .textArray, .text, .text, .text, .float8, .float8],
        """
        with opened as (
            insert into sessions
                (tenant_id, id, user_id, client_id, amr, device_name, user_agent, ip, idle_expires_at, expires_at)
            select u.tenant_id, $1, u.id, c.id, $4, $5, $6, $7::inet,
                now() + make_interval(secs => least($8, $9)), now() + make_interval(secs => $9)
            from users u
            join clients c on c.tenant_id = u.tenant_id and c.identifier = $3 and c.state = 'active'
            where u.tenant_id = current_tenant() and u.id = $2 and u.state = 'active'
            returning tenant_id, user_id, scope
        )
        select opened.user_id, opened.scope,
            array(
                select r.name from user_roles ur
                join roles r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
                where ur.tenant_id = opened.tenant_id and ur.user_id = opened.user_id
                union all
                select 'superuser' from users s
                where s.tenant_id = opened.tenant_id and s.id = opened.user_id and s.is_superuser
            )
        from opened
        """)

    /// Ends one session of a user; returns its event's id, or nothing when it had ended already.
    static let end = PostgresStatement(
        "session_end", [.uuid, .uuid, .text],
        """
        with ended as (
            update sessions set revoked_at = now(), revoked_reason = $3
            where tenant_id = current_tenant() and id = $1 and user_id = $2 and revoked_at is null
            returning tenant_id, id, user_id
        )
        insert into events (tenant_id, kind, subject_id, payload)
        select tenant_id, 'session.revoked', id, jsonb_build_object('user', user_id, 'reason', $3::text) from ended
        returning id
        """)

    /// Ends every session of a user; returns how many, and the event's id.
    static let endAll = PostgresStatement(
        "session_end_all", [.uuid, .text],
        """
        with ended as (
            update sessions set revoked_at = now(), revoked_reason = $2
            where tenant_id = current_tenant() and user_id = $1 and revoked_at is null and expires_at > now()
            returning id
        ), told as (
            insert into events (tenant_id, kind, subject_id, payload)
            select current_tenant(), 'sessions.revoked', $1,
                jsonb_build_object('sessions', jsonb_agg(id), 'reason', $2::text)
            from ended having count(*) > 0
            returning id
        )
        select (select count(*) from ended), (select id from told)
        """)
}
