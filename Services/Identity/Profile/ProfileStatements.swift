import Postgres

enum ProfileStatements {
    static let user = PostgresStatement(
        "profile_user", [.uuid],
        """
        select u.id, u.email, u.email_verified_at is not null, u.username, u.display_name,
            array(
                select r.name from user_roles ur
                join roles r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
                where ur.tenant_id = u.tenant_id and ur.user_id = u.id
                union all select 'superuser' where u.is_superuser
            ),
            u.created_at
        from users u
        where u.tenant_id = current_tenant() and u.id = $1 and u.state = 'active'
        """)

    /// Changes what is given: each value comes with a flag that says whether it was.
    static let change = PostgresStatement(
        "profile_change", [.uuid, .bool, .text, .bool, .text, .bool, .text],
        """
        update users set
            display_name = case when $2 then $3 else display_name end,
            username = case when $4 then $5 else username end,
            email = case when $6 then $7 else email end,
            email_verified_at = case
                when $6 and identity_key($7) is distinct from email_key then null else email_verified_at end,
            updated_at = now()
        where tenant_id = current_tenant() and id = $1 and state = 'active'
        """)

    /// Links to an address that is not the user's any more are void by themselves; this only clears them away.
    static let voidTokens = PostgresStatement(
        "profile_void_tokens", [.uuid],
        "delete from one_time_tokens where tenant_id = current_tenant() and user_id = $1")

    static let remove = PostgresStatement("profile_remove", [.uuid], "select remove_user($1)")
}
