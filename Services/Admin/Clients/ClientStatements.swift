import Postgres

enum ClientStatements {
    private static let columns = """
        id, identifier, name, kind, is_first_party, state, grant_types, scopes, audiences, origins,
            refresh_reuse_interval_seconds, created_at, updated_at, access_token_lifetime_seconds,
            session_idle_lifetime_seconds, session_lifetime_seconds,
            case when former_secret_expires_at > now() then former_secret_expires_at end
        """

    static let client = PostgresStatement(
        "admin_client", [.uuid],
        """
        select \(columns)
        from clients
        where tenant_id = current_tenant() and id = $1
        """)

    /// Clients before the id $1.
    static let list = PostgresStatement(
        "admin_client_list", [.uuid, .int4],
        """
        select \(columns)
        from clients
        where tenant_id = current_tenant() and id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        order by id desc
        limit $2
        """)

    /// Whoever changes a client waits for others that do.
    static let lock = PostgresStatement(
        "admin_client_lock", [.uuid],
        "select 1 from clients where tenant_id = current_tenant() and id = $1 for no key update")

    /// Whoever removes a client waits for sessions that are being opened, and no further one is.
    static let lockForRemoval = PostgresStatement(
        "admin_client_lock_for_removal", [.uuid],
        "select 1 from clients where tenant_id = current_tenant() and id = $1 for update")

    static let insert = PostgresStatement(
        "admin_client_insert",
        [
            .uuid, .text, .text, .text, .bytea, .bool, .textArray, .textArray, .textArray, .textArray, .int4,
            .int4, .int4, .int4,
        ],
        """
        insert into clients
            (tenant_id, id, identifier, name, kind, secret_hash, is_first_party, grant_types, scopes, audiences, origins,
                refresh_reuse_interval_seconds, access_token_lifetime_seconds, session_idle_lifetime_seconds,
                session_lifetime_seconds)
        values (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """)

    static let update = PostgresStatement(
        "admin_client_update",
        [.uuid, .text, .text, .textArray, .textArray, .textArray, .textArray, .int4, .int4, .int4, .int4],
        """
        update clients set name = $2, state = $3, grant_types = $4, scopes = $5, audiences = $6, origins = $7,
            refresh_reuse_interval_seconds = $8, access_token_lifetime_seconds = $9,
            session_idle_lifetime_seconds = $10, session_lifetime_seconds = $11, updated_at = now()
        where tenant_id = current_tenant() and id = $1
        """)

    /// Gives a client a new secret; the one it had is good for $3 seconds more, one from before that is not.
    static let setSecret = PostgresStatement(
        "admin_client_set_secret", [.uuid, .bytea, .float8],
        """
        update clients set secret_hash = $2, updated_at = now(),
            former_secret_hash = case when $3 > 0 then secret_hash end,
            former_secret_expires_at = case when $3 > 0 then now() + make_interval(secs => $3) end
        where tenant_id = current_tenant() and id = $1
        """)

    /// Ends the sessions of a client, in the order of their ids, as end_sessions does; the next statement sees them all.
    static let endSessions = PostgresStatement(
        "admin_client_end_sessions", [.uuid],
        """
        update sessions s set revoked_at = now(), revoked_reason = 'client_deleted'
        from (
            select id from sessions
            where tenant_id = current_tenant() and client_id = $1 and revoked_at is null and expires_at > now()
            order by id for update
        ) alive
        where s.tenant_id = current_tenant() and s.id = alive.id
        """)

    /// Tells of the sessions that just ended with a client; returns the event's id, or nothing when there were none.
    /// Those without a refresh in two hours have no access token left that anybody would have to refuse.
    static let tellOfSessions = PostgresStatement(
        "admin_client_tell_of_sessions", [.uuid],
        """
        insert into events (tenant_id, kind, payload)
        select current_tenant(), 'sessions.revoked',
            jsonb_build_object('sessions', jsonb_agg(id), 'client', $1, 'reason', 'client_deleted')
        from sessions
        where tenant_id = current_tenant() and client_id = $1 and revoked_at = now()
            and revoked_reason = 'client_deleted' and refreshed_at > now() - interval '2 hours'
        having count(*) > 0
        returning id
        """)

    static let remove = PostgresStatement(
        "admin_client_remove", [.uuid], "delete from clients where tenant_id = current_tenant() and id = $1")
}
