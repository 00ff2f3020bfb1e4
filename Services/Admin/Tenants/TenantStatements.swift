import Postgres

/// Each statement but the list runs in the scope of the tenant that it is about.
enum TenantStatements {
    static let tenant = PostgresStatement(
        "admin_tenant", [],
        """
        select id, slug, name, state, settings::text, created_at, updated_at from tenants where id = current_tenant()
        """)

    /// Tenants before the id $1; the ids rise with time.
    static let list = PostgresStatement(
        "admin_tenant_list", [.uuid, .int4],
        """
        select id, slug, name, state, settings::text, created_at, updated_at
        from tenants
        where id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        order by id desc
        limit $2
        """)

    /// Whoever changes a tenant waits for others that do.
    static let lock = PostgresStatement(
        "admin_tenant_lock", [], "select 1 from tenants where id = current_tenant() for no key update")

    /// Makes the tenant of the scope, with its built-in roles and client.
    static let provision = PostgresStatement(
        "admin_tenant_provision", [.text, .text], "select 1 from provision_tenant(current_tenant(), $1, $2)")

    /// Sets what is given; settings are merged into the stored ones, those that are null are taken away.
    static let update = PostgresStatement(
        "admin_tenant_update", [.text, .text, .jsonb],
        """
        update tenants set name = coalesce($1, name), state = coalesce($2, state),
            settings = jsonb_strip_nulls(settings || coalesce($3, '{}')), updated_at = now()
        where id = current_tenant()
        """)
}
