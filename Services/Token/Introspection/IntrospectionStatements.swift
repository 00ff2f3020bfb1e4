import Postgres

enum IntrospectionStatements {
    /// A session that is alive, with its user and client: nothing when any of them is not.
    static let session = PostgresStatement(
        "introspection_session", [.uuid],
        """
        select c.identifier, s.generation, s.scope, s.user_id, u.token_epoch,
            extract(epoch from least(s.expires_at, s.idle_expires_at))::int8, extract(epoch from s.refreshed_at)::int8,
            coalesce(u.username, u.email)
        from sessions s
        join users u on u.tenant_id = s.tenant_id and u.id = s.user_id and u.state = 'active'
        join clients c on c.tenant_id = s.tenant_id and c.id = s.client_id and c.state = 'active'
        where s.tenant_id = current_tenant() and s.id = $1 and s.revoked_at is null
            and least(s.expires_at, s.idle_expires_at) > now()
        """)

    /// Ends a session for the client it belongs to; returns its event's id.
    static let end = PostgresStatement(
        "introspection_end", [.uuid, .text, .uuid, .text, .text],
        """
        with ended as (
            update sessions s set revoked_at = now(), revoked_reason = 'token_revoked'
            from clients c
            where s.tenant_id = current_tenant() and s.id = $1 and s.revoked_at is null
                and c.tenant_id = s.tenant_id and c.id = s.client_id and c.identifier = $2
            returning s.tenant_id, s.id, s.user_id, c.id as client_id
        ), noted as (
            insert into audit_log
                (tenant_id, id, actor_kind, actor_id, action, target_kind, target_id, ip, request_id, detail)
            select tenant_id, $3, 'client', client_id, 'session.ended', 'session', id::text, $4::inet, $5,
                jsonb_build_object('reason', 'token_revoked')
            from ended
        )
        insert into events (tenant_id, kind, subject_id, payload)
        select tenant_id, 'session.revoked', id, jsonb_build_object('user', user_id, 'reason', 'token_revoked')
        from ended
        returning id
        """)

    /// The client a session belongs to, alive or not.
    static let owner = PostgresStatement(
        "introspection_owner", [.uuid],
        """
        select c.identifier from sessions s
        join clients c on c.tenant_id = s.tenant_id and c.id = s.client_id
        where s.tenant_id = current_tenant() and s.id = $1
        """)
}
