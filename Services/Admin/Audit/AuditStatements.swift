import Postgres

/// Pages of the audit log, the newest first. Each statement leads with the filter whose index it walks, so that a plan
/// made for one can't be used for another: a page costs the same however long the log is.
enum AuditStatements {
    /// By nothing but time: $1 from, $2 until, and $3, $4 the row that the page before ended with.
    static let all = PostgresStatement(
        "audit_all", [.timestamptz, .timestamptz, .int8, .uuid, .int4],
        """
        select id, created_at, (extract(epoch from created_at) * 1000000)::int8, actor_kind, actor_id, action,
            target_kind, target_id, ip, request_id, detail, position
        from audit_log
        where tenant_id = current_tenant()
            and created_at >= coalesce($1, '-infinity') and created_at < coalesce($2, 'infinity')
            and (created_at, id) < (coalesce(timestamptz 'epoch' + $3 * interval '1 microsecond', 'infinity'),
                coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        order by created_at desc, id desc
        limit $5
        """)

    /// By target: $6 its kind and $7 its id; then $8 the actor, $9 the action.
    static let byTarget = PostgresStatement(
        "audit_by_target",
        [.timestamptz, .timestamptz, .int8, .uuid, .int4, .text, .text, .uuid, .text],
        """
        select id, created_at, (extract(epoch from created_at) * 1000000)::int8, actor_kind, actor_id, action,
            target_kind, target_id, ip, request_id, detail, position
        from audit_log
        where tenant_id = current_tenant() and target_kind = $6 and target_id = $7
            and ($8 is null or actor_id = $8) and ($9 is null or action = $9)
            and created_at >= coalesce($1, '-infinity') and created_at < coalesce($2, 'infinity')
            and (created_at, id) < (coalesce(timestamptz 'epoch' + $3 * interval '1 microsecond', 'infinity'),
                coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        order by created_at desc, id desc
        limit $5
        """)

    /// By actor $6; then $7 the action.
    static let byActor = PostgresStatement(
        "audit_by_actor", [.timestamptz, .timestamptz, .int8, .uuid, .int4, .uuid, .text],
        """
        select id, created_at, (extract(epoch from created_at) * 1000000)::int8, actor_kind, actor_id, action,
            target_kind, target_id, ip, request_id, detail, position
        from audit_log
        where tenant_id = current_tenant() and actor_id = $6
            and ($7 is null or action = $7)
            and created_at >= coalesce($1, '-infinity') and created_at < coalesce($2, 'infinity')
            and (created_at, id) < (coalesce(timestamptz 'epoch' + $3 * interval '1 microsecond', 'infinity'),
                coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        order by created_at desc, id desc
        limit $5
        """)

    /// By action $6.
    static let byAction = PostgresStatement(
        "audit_by_action", [.timestamptz, .timestamptz, .int8, .uuid, .int4, .text],
        """
        select id, created_at, (extract(epoch from created_at) * 1000000)::int8, actor_kind, actor_id, action,
            target_kind, target_id, ip, request_id, detail, position
        from audit_log
        where tenant_id = current_tenant() and action = $6
            and created_at >= coalesce($1, '-infinity') and created_at < coalesce($2, 'infinity')
            and (created_at, id) < (coalesce(timestamptz 'epoch' + $3 * interval '1 microsecond', 'infinity'),
                coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        order by created_at desc, id desc
        limit $5
        """)

    /// By request $6, which made a handful of rows at most; then $7 the actor, $8 the action, $9 and $10 the target.
    static let byRequest = PostgresStatement(
        "audit_by_request",
        [.timestamptz, .timestamptz, .int8, .uuid, .int4, .text, .uuid, .text, .text, .text],
        """
        select id, created_at, (extract(epoch from created_at) * 1000000)::int8, actor_kind, actor_id, action,
            target_kind, target_id, ip, request_id, detail, position
        from audit_log
        where tenant_id = current_tenant() and request_id = $6
            and ($7 is null or actor_id = $7) and ($8 is null or action = $8)
            and ($9 is null or target_kind = $9) and ($10 is null or target_id = $10)
            and created_at >= coalesce($1, '-infinity') and created_at < coalesce($2, 'infinity')
            and (created_at, id) < (coalesce(timestamptz 'epoch' + $3 * interval '1 microsecond', 'infinity'),
                coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        order by created_at desc, id desc
        limit $5
        """)

    /// One row. Its id holds the millisecond of its making, shortly after the time of the transaction, which bounds the
    /// search: around the time $2, by $3 seconds.
    static let one = PostgresStatement(
        "audit_one", [.uuid, .timestamptz, .float8],
        """
        select id, created_at, (extract(epoch from created_at) * 1000000)::int8, actor_kind, actor_id, action,
            target_kind, target_id, ip, request_id, detail, position
        from audit_log
        where tenant_id = current_tenant() and id = $1
            and created_at between $2 - make_interval(secs => $3) and $2 + make_interval(secs => $3)
        """)
}
