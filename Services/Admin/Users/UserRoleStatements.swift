import Postgres

enum UserRoleStatements {
    /// Those of some names that are roles of the tenant, and what the custom ones among them give.
    static let known = PostgresStatement(
        "admin_user_roles_known", [.textArray],
        """
        select name, permissions from roles
        where tenant_id = current_tenant() and name = any ($1)
        order by name for key share
        """)

    /// Withdraws what a user has beyond some roles.
    static let withdraw = PostgresStatement(
        "admin_user_roles_withdraw", [.uuid, .textArray],
        """
        delete from user_roles ur using roles r
        where ur.tenant_id = current_tenant() and ur.user_id = $1
            and r.tenant_id = ur.tenant_id and r.id = ur.role_id and r.name <> all ($2)
        """)

    /// Grants what a user lacks of some roles.
    static let grant = PostgresStatement(
        "admin_user_roles_grant", [.uuid, .textArray],
        """
        insert into user_roles (tenant_id, user_id, role_id)
        select r.tenant_id, $1, r.id from roles r where r.tenant_id = current_tenant() and r.name = any ($2)
        on conflict do nothing
        """)

    /// Gives or takes the mark of a superuser.
    static let mark = PostgresStatement(
        "admin_user_roles_mark", [.uuid, .bool],
        "update users set is_superuser = $2 where tenant_id = current_tenant() and id = $1")
}
