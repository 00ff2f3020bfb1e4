import Postgres

enum RotationStatements {
    /// The fast path: compare and set the generation under the row lock, and read what the next tokens say, in one
    /// statement. No row means the slow path has to find out why.
    ///
    /// The roles are written out: `role_claims` would not be inlined here and make the statement three times as dear.
    static let rotate = PostgresStatement(
        "rotation_rotate", [.uuid, .int8, .text, .float8, .textArray],
        """
        update sessions s
        set generation = s.generation + 1, refreshed_at = clock_timestamp(), last_seen_at = clock_timestamp(),
            idle_expires_at = least(now() + make_interval(secs => $4), s.expires_at)
        from users u, clients c
        where s.tenant_id = current_tenant() and s.id = $1 and s.generation = $2
            and s.revoked_at is null and s.expires_at > now() and s.idle_expires_at > now()
            and ($5 is null or $5 <@ string_to_array(s.scope, ' '))
            and u.tenant_id = s.tenant_id and u.id = s.user_id and u.state = 'active'
            and c.tenant_id = s.tenant_id and c.id = s.client_id and c.identifier = $3 and c.state = 'active'
        returning s.generation, s.scope, s.user_id,
            array(
                select unnest(r.claims) from user_roles ur
                join roles r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
                where ur.tenant_id = s.tenant_id and ur.user_id = s.user_id
                union all select 'superuser' where u.is_superuser
            ),
            u.token_epoch, s.amr, s.authenticated_at, least(s.expires_at, s.idle_expires_at)
        """)

    /// The slow path (migrations 0007 and 0009).
    static let settle = PostgresStatement(
        "rotation_settle", [.uuid, .int8, .text, .float8, .textArray],
        """
        select outcome, generation, event_id
        from settle_rotation(current_tenant(), $1, $2, $3, make_interval(secs => $4), $5)
        """)

    /// What the tokens of a session say, after the slow path has found it alive.
    static let describe = PostgresStatement(
        "rotation_describe", [.uuid],
        """
        select s.generation, s.scope, s.user_id, role_claims(s.user_id), u.token_epoch, s.amr, s.authenticated_at,
            least(s.expires_at, s.idle_expires_at)
        from sessions s
        join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
        where s.tenant_id = current_tenant() and s.id = $1 and s.revoked_at is null
        """)
}
