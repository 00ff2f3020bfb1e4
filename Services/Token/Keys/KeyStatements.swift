import Postgres

enum KeyStatements {
    static let active = PostgresStatement(
        "keys_active", [],
        """
        select kid, algorithm, sealed_private_key from signing_keys
        where tenant_id = current_tenant() and state = 'active'
        """)

    /// Makes a key active when the tenant has none. Of several instances that try at once, one wins.
    static let insertFirst = PostgresStatement(
        "keys_insert_first", [.text, .text, .bytea, .bytea],
        """
        with made as (
            insert into signing_keys (tenant_id, kid, algorithm, state, public_key, sealed_private_key, activated_at)
            values (current_tenant(), $1, $2, 'active', $3, $4, now())
            on conflict do nothing
            returning tenant_id
        )
        insert into events (tenant_id, kind) select tenant_id, 'keys.changed' from made
        returning id
        """)
}
