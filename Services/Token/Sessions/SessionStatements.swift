import Postgres

enum SessionStatements {
    /// Opens a session and, where a history entry's id is given, records the login with it (migration 0020).
    static let open = PostgresStatement(
        "session_open",
        [
            .uuid, .uuid, .text, .textArray, .text, .text, .text, .text, .text, .float8, .float8, .text, .int8, .int4,
            .uuid,
            .text, .text, .text,
        ],
        """
        select ends_at, claims, epoch, opened_at, event_id
        from open_session(
            $1, $2, $3, $4, $5, $6, $7, $8, $9::inet, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        """)

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
