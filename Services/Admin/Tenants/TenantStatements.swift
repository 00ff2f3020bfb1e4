import Postgres

/// Each statement but the list runs in the scope of the tenant that it is about.
enum TenantStatements {
    private static let columns = """
        id, slug, name, state, settings::text, created_at, updated_at,
            array(select host from tenant_hosts where tenant_id = tenants.id order by host), delete_after
        """

    static let tenant = PostgresStatement(
        "admin_tenant", [],
        """
        select \(columns)
        from tenants
        where id = current_tenant()
        """)

    /// Tenants before the id $1; the ids rise with time.
    static let list = PostgresStatement(
        "admin_tenant_list", [.uuid, .int4],
        """
        select \(columns)
        from tenants
        where id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        order by id desc
        limit $2
        """)

    /// Whoever changes a tenant waits for others that do, and for what deletes it. Whether that has begun.
    static let lock = PostgresStatement(
        "admin_tenant_lock", [],
        "select coalesce(delete_after <= now(), false) from tenants where id = current_tenant() for no key update")

    /// Makes the tenant of the scope, with its built-in roles and client.
    static let provision = PostgresStatement(
        "admin_tenant_provision", [.text, .text], "select 1 from provision_tenant(current_tenant(), $1, $2)")

    /// Sets what is given; settings are merged into the stored ones, those that are null are taken away. A state takes a
    /// deletion back.
    static let update = PostgresStatement(
        "admin_tenant_update", [.text, .text, .jsonb],
        """
        update tenants set name = coalesce($1, name), state = coalesce($2, state),
            delete_after = case when $2 is null then delete_after end,
            settings = jsonb_strip_nulls(settings || coalesce($3, '{}')), updated_at = now()
        where id = current_tenant()
        """)

    /// Lets the tenant be reached by these hosts and no others.
    static let setHosts = PostgresStatement(
        "admin_tenant_set_hosts", [.textArray],
        """
        with gone as (delete from tenant_hosts where tenant_id = current_tenant() and host <> all ($1))
        insert into tenant_hosts (host, tenant_id)
        select host, current_tenant() from unnest($1) host
        where not exists (select from tenant_hosts h where h.host = host.host and h.tenant_id = current_tenant())
        """)

    /// Takes the tenant out of use, to be deleted after some seconds.
    static let scheduleDeletion = PostgresStatement(
        "admin_tenant_schedule_deletion", [.float8],
        """
        update tenants set state = 'deleting', delete_after = now() + make_interval(secs => $1), updated_at = now()
        where id = current_tenant()
        """)

    /// Takes away a piece of a tenant whose time has come (migration 0016).
    static let delete = PostgresStatement("admin_tenant_delete", [], "select removed, finished from delete_tenants()")
}
