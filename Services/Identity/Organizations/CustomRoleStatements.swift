import Postgres

enum CustomRoleStatements {
    static let list = PostgresStatement(
        "organization_role_list", [.uuid, .uuid, .int4],
        """
        select id, name, permissions, description, created_at, updated_at from organization_roles
        where tenant_id = current_tenant() and organization_id = $1 and ($2 is null or id > $2)
        order by id
        limit $3
        """)

    static let one = PostgresStatement(
        "organization_role_one", [.uuid, .uuid],
        """
        select id, name, permissions, description, created_at, updated_at from organization_roles
        where tenant_id = current_tenant() and organization_id = $1 and id = $2
        """)

    static let named = PostgresStatement(
        "organization_role_named", [.uuid, .text],
        """
        select id, name, permissions from organization_roles
        where tenant_id = current_tenant() and organization_id = $1 and name = $2
        """)

    static let count = PostgresStatement(
        "organization_role_count", [.uuid],
        "select count(*) from organization_roles where tenant_id = current_tenant() and organization_id = $1")

    static let insert = PostgresStatement(
        "organization_role_insert", [.uuid, .uuid, .text, .text, .textArray],
        """
        insert into organization_roles (tenant_id, organization_id, id, name, description, permissions)
        values (current_tenant(), $1, $2, $3, $4, $5)
        """)

    static let update = PostgresStatement(
        "organization_role_update", [.uuid, .uuid, .text, .text, .textArray],
        """
        update organization_roles set name = $3, description = $4, permissions = $5, updated_at = now()
        where tenant_id = current_tenant() and organization_id = $1 and id = $2
        """)

    static let delete = PostgresStatement(
        "organization_role_delete", [.uuid, .uuid],
        """
        delete from organization_roles
        where tenant_id = current_tenant() and organization_id = $1 and id = $2
        """)
}
