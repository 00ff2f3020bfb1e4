import Postgres

enum KeyStatements {
    static let active = PostgresStatement(
        "keys_active", [],
        """
        select kid, algorithm, sealed_private_key from signing_keys
        where tenant_id = current_tenant() and state = 'active'
        """)

    /// One instance at a time decides about a tenant's keys.
    static let lock = PostgresStatement(
        "keys_lock", [],
        "select 1 from pg_advisory_xact_lock(hashtextextended('gatehouse.keys/' || current_tenant(), 0))")

    /// Every key with its age in its state, in seconds.
    static let all = PostgresStatement(
        "keys_all", [],
        """
        select kid, algorithm, state,
            extract(epoch from clock_timestamp() - case state
                when 'next' then created_at when 'active' then activated_at else retired_at end)::float8,
            created_at, activated_at, retired_at
        from signing_keys
        where tenant_id = current_tenant()
        order by created_at desc, kid
        """)

    static let insert = PostgresStatement(
        "keys_insert", [.text, .text, .text, .bytea, .bytea],
        """
        insert into signing_keys (tenant_id, kid, algorithm, state, public_key, sealed_private_key, activated_at)
        values (current_tenant(), $1, $2, $3, $4, $5, case $3 when 'active' then clock_timestamp() end)
        """)

    static let retireActive = PostgresStatement(
        "keys_retire_active", [],
        """
        update signing_keys set state = 'retired', retired_at = clock_timestamp()
        where tenant_id = current_tenant() and state = 'active'
        """)

    static let activate = PostgresStatement(
        "keys_activate", [.text],
        """
        update signing_keys set state = 'active', activated_at = clock_timestamp()
        where tenant_id = current_tenant() and kid = $1 and state = 'next'
        """)

    static let removeNext = PostgresStatement(
        "keys_remove_next", [],
        "delete from signing_keys where tenant_id = current_tenant() and state = 'next'")

    static let removeAll = PostgresStatement(
        "keys_remove_all", [], "delete from signing_keys where tenant_id = current_tenant()")

    /// Keys that nothing alive was signed with any more.
    static let removeRetired = PostgresStatement(
        "keys_remove_retired", [.float8],
        """
        delete from signing_keys
        where tenant_id = current_tenant() and state = 'retired'
            and retired_at <= now() - make_interval(secs => $1)
        returning kid
        """)

    /// The tenants that something has to be done for.
    static let due = PostgresStatement(
        "keys_due", [.float8, .float8],
        "select tenant_id from due_key_tenants(make_interval(secs => $1), make_interval(secs => $2))")

    static let sealedBefore = PostgresStatement(
        "keys_sealed_before", [.int4],
        "select tenant_id, kid, sealed_private_key from keys_sealed_before($1)")

    static let reseal = PostgresStatement(
        "keys_reseal", [.text, .bytea, .bytea],
        """
        update signing_keys set sealed_private_key = $3
        where tenant_id = current_tenant() and kid = $1 and sealed_private_key = $2
        """)
}
