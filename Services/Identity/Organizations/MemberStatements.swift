import Postgres

enum MemberStatements {
    /// The members after the id $2, in the order of their ids.
    static let list = PostgresStatement(
        "organization_member_list", [.uuid, .uuid, .int4],
        """
        select m.user_id, u.username, u.display_name, u.email, m.joined_at, m.role, r.id, r.name, r.permissions
        from organization_members m
        join users u on u.tenant_id = m.tenant_id and u.id = m.user_id
        left join organization_roles r
            on r.tenant_id = m.tenant_id and r.organization_id = m.organization_id and r.id = m.role_id
        where m.tenant_id = current_tenant() and m.organization_id = $1 and ($2 is null or m.user_id > $2)
        order by m.user_id
        limit $3
        """)

    static let one = PostgresStatement(
        "organization_member_one", [.uuid, .uuid],
        """
        select m.user_id, u.username, u.display_name, u.email, m.joined_at, m.role, r.id, r.name, r.permissions
        from organization_members m
        join users u on u.tenant_id = m.tenant_id and u.id = m.user_id
        left join organization_roles r
            on r.tenant_id = m.tenant_id and r.organization_id = m.organization_id and r.id = m.role_id
        where m.tenant_id = current_tenant() and m.organization_id = $1 and m.user_id = $2
        """)

    /// All of them.
    static let all = PostgresStatement(
        "organization_member_all", [.uuid],
        "select user_id from organization_members where tenant_id = current_tenant() and organization_id = $1")

    /// Those who hold a role that the organization made.
    static let holders = PostgresStatement(
        "organization_member_holders", [.uuid, .uuid],
        """
        select user_id from organization_members
        where tenant_id = current_tenant() and organization_id = $1 and role_id = $2
        """)

    static let insert = PostgresStatement(
        "organization_member_insert", [.uuid, .uuid, .text, .uuid],
        """
        insert into organization_members (tenant_id, organization_id, user_id, role, role_id)
        values (current_tenant(), $1, $2, $3, $4)
        """)

    static let update = PostgresStatement(
        "organization_member_update", [.uuid, .uuid, .text, .uuid],
        """
        update organization_members set role = $3, role_id = $4
        where tenant_id = current_tenant() and organization_id = $1 and user_id = $2
        """)

    static let delete = PostgresStatement(
        "organization_member_delete", [.uuid, .uuid],
        """
        delete from organization_members
        where tenant_id = current_tenant() and organization_id = $1 and user_id = $2
        """)

    /// Whether somebody else owns the organization (migration 0013).
    static let hasOtherOwner = PostgresStatement(
        "organization_member_other_owner", [.uuid, .uuid], "select has_other_owner($1, $2)")
}
