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
}
