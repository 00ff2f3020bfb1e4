import Postgres

enum OrganizationStatements {
    /// An organization, for somebody who belongs to it.
    static let one = PostgresStatement(
        "organization_one", [.uuid, .uuid],
        """
        select o.id, o.slug, o.name, m.joined_at, o.created_at, o.updated_at, m.role, r.id, r.name, r.permissions
        from organization_members m
        join organizations o on o.tenant_id = m.tenant_id and o.id = m.organization_id
        left join organization_roles r
            on r.tenant_id = m.tenant_id and r.organization_id = m.organization_id and r.id = m.role_id
        where m.tenant_id = current_tenant() and m.organization_id = $1 and m.user_id = $2
        """)

    /// The organizations of a user before the id $2, the youngest first.
    static let ofUser = PostgresStatement(
        "organization_of_user", [.uuid, .uuid, .int4],
        """
        select o.id, o.slug, o.name, m.joined_at, o.created_at, o.updated_at, m.role, r.id, r.name, r.permissions
        from organization_members m
        join organizations o on o.tenant_id = m.tenant_id and o.id = m.organization_id
        left join organization_roles r
            on r.tenant_id = m.tenant_id and r.organization_id = m.organization_id and r.id = m.role_id
        where m.tenant_id = current_tenant() and m.user_id = $1 and ($2 is null or m.organization_id < $2)
        order by m.organization_id desc
        limit $3
        """)

    /// What a user is in an organization; nothing when they do not belong to it.
    static let role = PostgresStatement(
        "organization_role", [.uuid, .uuid],
        """
        select m.role, r.id, r.name, r.permissions
        from organization_members m
        left join organization_roles r
            on r.tenant_id = m.tenant_id and r.organization_id = m.organization_id and r.id = m.role_id
        where m.tenant_id = current_tenant() and m.organization_id = $1 and m.user_id = $2
        """)

    /// Users whose tokens a change will cut off. Locked before the organization is, in one order, as everything that
    /// changes users does.
    static let lockUsers = PostgresStatement(
        "organization_lock_users", [.uuidArray],
        """
        select from users where tenant_id = current_tenant() and id = any ($1) order by id for no key update
        """)

    /// Whatever changes an organization's members, roles or invitations goes one after another.
    static let lock = PostgresStatement(
        "organization_lock", [.uuid],
        "select 1 from organizations where tenant_id = current_tenant() and id = $1 for no key update")

    static let insert = PostgresStatement(
        "organization_insert", [.uuid, .text, .text],
        "insert into organizations (tenant_id, id, slug, name) values (current_tenant(), $1, $2, $3)")

    static let update = PostgresStatement(
        "organization_update", [.uuid, .text, .text],
        """
        update organizations set slug = coalesce($2, slug), name = coalesce($3, name), updated_at = now()
        where tenant_id = current_tenant() and id = $1
        """)

    static let delete = PostgresStatement(
        "organization_delete", [.uuid], "delete from organizations where tenant_id = current_tenant() and id = $1")

    /// Cuts off the access tokens of users; returns the events' ids.
    static let raiseEpochs = PostgresStatement(
        "organization_raise_epochs", [.uuidArray, .text], "select raise_token_epochs($1, $2)")
}
