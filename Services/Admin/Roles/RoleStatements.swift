import Postgres

enum RoleStatements {
    private static let columns = """
        r.id, r.name, r.description, r.is_builtin,
            case when r.is_builtin
                then array(select p.name from permissions p where p.tenant_id = r.tenant_id order by p.name)
                else r.permissions end,
            r.created_at, r.updated_at
        """

    /// Counts one more change of the tenant's roles, and waits for others that change them; returns the epoch.
    static let raiseEpoch = PostgresStatement(
        "admin_role_raise_epoch", [],
        "update tenants set role_epoch = role_epoch + 1 where id = current_tenant() returning role_epoch")

    static let role = PostgresStatement(
        "admin_role", [.uuid],
        """
        select \(columns)
        from roles r
        where r.tenant_id = current_tenant() and r.id = $1
        """)

    /// The built-in ones first.
    static let list = PostgresStatement(
        "admin_role_list", [],
        """
        select \(columns)
        from roles r
        where r.tenant_id = current_tenant()
        order by r.is_builtin desc, r.name
        """)

    static let count = PostgresStatement(
        "admin_role_count", [], "select count(*) from roles where tenant_id = current_tenant()")

    static let insert = PostgresStatement(
        "admin_role_insert", [.uuid, .text, .text, .textArray, .int8],
        """
        insert into roles (tenant_id, id, name, description, permissions, epoch)
        values (current_tenant(), $1, $2, $3, $4, $5)
        """)

    static let update = PostgresStatement(
        "admin_role_update", [.uuid, .text, .text, .textArray, .int8],
        """
        update roles set name = $2, description = $3, permissions = $4, epoch = $5, updated_at = now()
        where tenant_id = current_tenant() and id = $1
        """)

    static let remove = PostgresStatement(
        "admin_role_remove", [.uuid], "delete from roles where tenant_id = current_tenant() and id = $1")

    /// The permissions of the tenant's applications.
    static let permissions = PostgresStatement(
        "admin_permission_list", [],
        "select name, description from permissions where tenant_id = current_tenant() order by name")

    /// Those of some names that exist.
    static let knownPermissions = PostgresStatement(
        "admin_permission_known", [.textArray],
        "select name from permissions where tenant_id = current_tenant() and name = any ($1)")

    static let insertPermission = PostgresStatement(
        "admin_permission_insert", [.text, .text],
        """
        insert into permissions (tenant_id, name, description) values (current_tenant(), $1, $2)
        on conflict do nothing
        returning name
        """)

    static let removePermission = PostgresStatement(
        "admin_permission_remove", [.text],
        "delete from permissions where tenant_id = current_tenant() and name = $1 returning name")

    /// Takes a permission out of every role that is made of it; returns their names.
    static let withdrawPermission = PostgresStatement(
        "admin_permission_withdraw", [.text, .int8],
        """
        update roles set permissions = array_remove(permissions, $1), epoch = $2, updated_at = now()
        where tenant_id = current_tenant() and $1 = any (permissions)
        returning name
        """)
}
