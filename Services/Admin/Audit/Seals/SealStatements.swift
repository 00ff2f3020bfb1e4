import Postgres

/// Statements of the chain of seals. Ids of transactions are read as text because the driver has no type for them; times
/// travel as microseconds since 1970, exactly.
enum SealStatements {
    /// The last position that was drawn.
    static let drawn = PostgresStatement(
        "audit_positions_drawn", [], "select case when is_called then last_value else 0 end from audit_positions")

    /// An id of this transaction's own, higher than any that was taken before.
    static let ownTransaction = PostgresStatement(
        "audit_seal_transaction", [], "select pg_current_xact_id()::text::int8")

    /// Whether all transactions below $1 are history.
    static let isHistory = PostgresStatement(
        "audit_seal_history", [.int8], "select pg_snapshot_xmin(pg_current_snapshot())::text::int8 >= $1")

    /// One at a time seals; whoever finds another at it comes back later.
    static let tryLock = PostgresStatement(
        "audit_seal_try_lock", [], "select pg_try_advisory_xact_lock(hashtextextended('gatehouse.audit_seals', 0))")

    static let lock = PostgresStatement(
        "audit_seal_lock", [], "select 1 from pg_advisory_xact_lock(hashtextextended('gatehouse.audit_seals', 0))")

    /// The last seal, nulls where there is none, and the number of the next: above that of any part, too, so that a seal
    /// that was taken away from its parts leaves a gap.
    static let head = PostgresStatement(
        "audit_seal_head", [],
        """
        select last.number, last.last_position, last.hash, (extract(epoch from last.sealed_at) * 1000000)::int8,
            greatest(last.number, (select max(seal) from audit_seal_parts), 0) + 1
        from (select 1) always
        left join (select * from audit_seals order by number desc limit 1) last on true
        """)

    /// The rows of the positions above $1, up to $2, in their order.
    static let rows = PostgresStatement(
        "audit_seal_rows", [.int8, .int8, .int4],
        """
        select tenant_id, id, position, (extract(epoch from created_at) * 1000000)::int8,
            (extract(epoch from date_trunc('month', created_at at time zone 'utc')) * 1000000)::int8, actor_kind,
            actor_id::text, action, target_kind, target_id, ip::text, request_id, detail::text
        from audit_log
        where position > $1 and position <= $2
        order by position
        limit $3
        """)

    /// The same of one tenant, $4.
    static let rowsOfTenant = PostgresStatement(
        "audit_seal_rows_of_tenant", [.int8, .int8, .int4, .uuid],
        """
        select tenant_id, id, position, (extract(epoch from created_at) * 1000000)::int8,
            (extract(epoch from date_trunc('month', created_at at time zone 'utc')) * 1000000)::int8, actor_kind,
            actor_id::text, action, target_kind, target_id, ip::text, request_id, detail::text
        from audit_log
        where position > $1 and position <= $2 and tenant_id = $4
        order by position
        limit $3
        """)

    static let insertSeal = PostgresStatement(
        "audit_seal_insert", [.int8, .int8, .int8, .int4, .int8, .int8, .int8, .int2, .bytea],
        """
        insert into audit_seals
            (number, first_position, last_position, row_count, dropped_before, first_kept, sealed_at, key_version, hash)
        values ($1, $2, $3, $4, timestamptz 'epoch' + $5 * interval '1 microsecond', $6,
            timestamptz 'epoch' + $7 * interval '1 microsecond', $8, $9)
        """)

    static let insertParts = PostgresStatement(
        "audit_seal_insert_parts", [.int8, .uuidArray, .int8Array, .int4Array, .textArray],
        """
        insert into audit_seal_parts (tenant_id, seal, month, row_count, digest)
        select tenant_id, $1, timestamptz 'epoch' + month * interval '1 microsecond', row_count, decode(digest, 'hex')
        from unnest($2, $3, $4, $5) as parts (tenant_id, month, row_count, digest)
        """)

    /// The seals from $1 to $2, in order.
    static let seals = PostgresStatement(
        "audit_seals", [.int8, .int8],
        """
        select number, first_position, last_position, row_count, (extract(epoch from dropped_before) * 1000000)::int8,
            first_kept, (extract(epoch from sealed_at) * 1000000)::int8, key_version, hash
        from audit_seals where number between $1 and $2 order by number
        """)

    /// Their parts.
    static let parts = PostgresStatement(
        "audit_seal_parts", [.int8, .int8],
        """
        select seal, tenant_id, (extract(epoch from month) * 1000000)::int8, row_count, digest
        from audit_seal_parts where seal between $1 and $2
        """)

    /// The lowest and the highest number of a seal.
    static let range = PostgresStatement(
        "audit_seal_range", [], "select min(number), max(number) from audit_seals")

    /// How many rows have a position above $1, which are not sealed yet, and the highest.
    static let unsealed = PostgresStatement(
        "audit_seal_unsealed", [.int8, .uuid],
        "select count(*), max(position) from audit_log where position > $1 and ($2 is null or tenant_id = $2)")

    /// A month's beginning, $1 seconds ago: nothing older is kept.
    static let retention = PostgresStatement(
        "audit_seal_retention", [.float8],
        """
        select (extract(epoch from date_trunc('month', (now() - make_interval(secs => $1)) at time zone 'utc'))
            * 1000000)::int8
        """)

    /// Drops the partitions of the audit log that end before $1; returns how many.
    static let drop = PostgresStatement(
        "audit_seal_drop", [.int8],
        "select drop_partitions('audit_log', timestamptz 'epoch' + $1 * interval '1 microsecond')")

    /// The first seal that holds anything of the month $1 or later.
    static let firstWithRows = PostgresStatement(
        "audit_seal_first_with_rows", [.int8],
        "select min(seal) from audit_seal_parts where month >= timestamptz 'epoch' + $1 * interval '1 microsecond'")

    static let prune = PostgresStatement("audit_seal_prune", [.int8], "select prune_audit_seals($1)")
}
