import Postgres

enum RotationStatements {
    /// The fast path: compare and set the generation under the row lock, and read what the next tokens say, in one
    /// statement. No row means that the session has an organization, or that the slow path has to find out why.
    ///
    /// The roles are written out: `role_claims` would not be inlined here and make the statement three times as dear.
    private static let rotateOne = PostgresStatement(
        "rotation_rotate", [.uuid, .int8, .text, .int8, .text],
        """
        update sessions s
        set generation = s.generation + 1, refreshed_at = clock_timestamp(), last_seen_at = clock_timestamp(),
            idle_expires_at = least(now() + make_interval(secs => $4), s.expires_at)
        from users u, clients c
        where s.tenant_id = current_tenant() and s.id = $1 and s.generation = $2
            and s.organization_id is null
            and s.revoked_at is null and s.expires_at > now() and s.idle_expires_at > now()
            and ($5 is null or string_to_array($5, ' ') <@ string_to_array(s.scope, ' '))
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

    /// The same for the sessions of several refreshes (migration 0019).
    private static let rotateMany = PostgresStatement(
        "rotation_rotate_many", [.uuidArray, .int8Array, .textArray, .int8Array, .textArray],
        """
        select generation, scope, user_id, roles, token_epoch, amr, authenticated_at, ends_at, id
        from rotate_sessions($1, $2, $3, $4, $5)
        """)

    /// The fast path, which takes the refreshes of a tenant that come at once together.
    static let rotate = PostgresGatheredStatement(one: rotateOne, many: rotateMany)

    /// The same for a session that has an organization, or is to have $6, or none when $7 says so: a statement of its own,
    /// so that sessions without one pay nothing. The organization goes when the user does not belong to it any more.
    static let rotateInOrganization = PostgresStatement(
        "rotation_rotate_in_organization", [.uuid, .int8, .text, .float8, .textArray, .uuid, .bool],
        """
        update sessions s
        set generation = s.generation + 1, refreshed_at = clock_timestamp(), last_seen_at = clock_timestamp(),
            idle_expires_at = least(now() + make_interval(secs => $4), s.expires_at),
            organization_id = case when not $7 then (
                select m.organization_id from organization_members m
                where m.tenant_id = s.tenant_id and m.organization_id = coalesce($6, s.organization_id)
                    and m.user_id = s.user_id) end
        from users u, clients c
        where s.tenant_id = current_tenant() and s.id = $1 and s.generation = $2
            and s.revoked_at is null and s.expires_at > now() and s.idle_expires_at > now()
            and ($5 is null or $5 <@ string_to_array(s.scope, ' '))
            and u.tenant_id = s.tenant_id and u.id = s.user_id and u.state = 'active'
            and c.tenant_id = s.tenant_id and c.id = s.client_id and c.identifier = $3 and c.state = 'active'
            and ($6 is null or exists (
                select from organization_members m
                where m.tenant_id = s.tenant_id and m.organization_id = $6 and m.user_id = s.user_id))
        returning s.generation, s.scope, s.user_id,
            array(
                select unnest(r.claims) from user_roles ur
                join roles r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
                where ur.tenant_id = s.tenant_id and ur.user_id = s.user_id
                union all select 'superuser' where u.is_superuser
            ),
            u.token_epoch, s.amr, s.authenticated_at, least(s.expires_at, s.idle_expires_at),
            s.organization_id, (
                select array[coalesce(r.name, m.role)] || coalesce(r.permissions, '{}')
                from organization_members m
                left join organization_roles r
                    on r.tenant_id = m.tenant_id and r.organization_id = m.organization_id and r.id = m.role_id
                where m.tenant_id = s.tenant_id and m.organization_id = s.organization_id and m.user_id = s.user_id)
        """)

    /// The slow path (migration 0021): $6 says whether an organization is chosen, $7 which.
    static let settle = PostgresStatement(
        "rotation_settle", [.uuid, .int8, .text, .float8, .textArray, .bool, .uuid],
        """
        select outcome, generation, event_id
        from settle_refresh($1, $2, $3, make_interval(secs => $4), $5, $6, $7)
        """)

    /// What the tokens of a session say, after the slow path has found it alive.
    static let describe = PostgresStatement(
        "rotation_describe", [.uuid],
        """
        select s.generation, s.scope, s.user_id, role_claims(s.user_id), u.token_epoch, s.amr, s.authenticated_at,
            least(s.expires_at, s.idle_expires_at), s.organization_id, organization_claims(s.organization_id, s.user_id)
        from sessions s
        join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
        where s.tenant_id = current_tenant() and s.id = $1 and s.revoked_at is null
        """)
}
