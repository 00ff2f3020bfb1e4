import Postgres

enum InvitationStatements {
    /// The open invitations after the id $2, in the order of their ids.
    static let list = PostgresStatement(
        "organization_invitation_list", [.uuid, .uuid, .int4],
        """
        select i.id, i.email, i.invited_by, i.created_at, i.expires_at, i.role, r.id, r.name, r.permissions
        from organization_invitations i
        left join organization_roles r
            on r.tenant_id = i.tenant_id and r.organization_id = i.organization_id and r.id = i.role_id
        where i.tenant_id = current_tenant() and i.organization_id = $1 and i.expires_at > now()
            and ($2 is null or i.id > $2)
        order by i.id
        limit $3
        """)

    static let one = PostgresStatement(
        "organization_invitation_one", [.uuid, .uuid],
        """
        select i.id, i.email, i.invited_by, i.created_at, i.expires_at, i.role, r.id, r.name, r.permissions
        from organization_invitations i
        left join organization_roles r
            on r.tenant_id = i.tenant_id and r.organization_id = i.organization_id and r.id = i.role_id
        where i.tenant_id = current_tenant() and i.organization_id = $1 and i.id = $2 and i.expires_at > now()
        """)

    /// The open invitation of an address.
    static let ofAddress = PostgresStatement(
        "organization_invitation_of_address", [.uuid, .text],
        """
        select i.id, i.email, i.invited_by, i.created_at, i.expires_at, i.role, r.id, r.name, r.permissions
        from organization_invitations i
        left join organization_roles r
            on r.tenant_id = i.tenant_id and r.organization_id = i.organization_id and r.id = i.role_id
        where i.tenant_id = current_tenant() and i.organization_id = $1 and i.email_key = identity_key($2)
        """)

    /// How many are open, and whether somebody of that address belongs to the organization.
    static let situation = PostgresStatement(
        "organization_invitation_situation", [.uuid, .text],
        """
        select
            (select count(*) from organization_invitations
            where tenant_id = current_tenant() and organization_id = $1),
            exists (
                select from users u
                join organization_members m on m.tenant_id = u.tenant_id and m.user_id = u.id
                where u.tenant_id = current_tenant() and u.email_key = identity_key($2) and m.organization_id = $1)
        """)

    static let insert = PostgresStatement(
        "organization_invitation_insert", [.uuid, .uuid, .text, .text, .uuid, .uuid, .float8],
        """
        insert into organization_invitations
            (tenant_id, organization_id, id, email, role, role_id, invited_by, expires_at)
        values (current_tenant(), $1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))
        """)

    static let delete = PostgresStatement(
        "organization_invitation_delete", [.uuid, .uuid],
        """
        delete from organization_invitations
        where tenant_id = current_tenant() and organization_id = $1 and id = $2
        returning id
        """)

    static let deleteExpired = PostgresStatement(
        "organization_invitation_delete_expired", [.uuid],
        """
        delete from organization_invitations
        where tenant_id = current_tenant() and organization_id = $1 and expires_at <= now()
        """)

    /// The organization that a token invites to.
    static let organization = PostgresStatement(
        "organization_invitation_organization", [.bytea],
        """
        select organization_id, id from organization_invitations
        where tenant_id = current_tenant() and digest = $1 and expires_at > now()
        """)

    /// An open invitation by its token, with whether the address is the user's own.
    static let presented = PostgresStatement(
        "organization_invitation_presented", [.uuid, .bytea, .uuid],
        """
        select i.id, i.invited_by, coalesce(u.email_key = i.email_key, false), i.role, r.id, r.name, r.permissions
        from organization_invitations i
        join users u on u.tenant_id = i.tenant_id and u.id = $3 and u.state = 'active'
        join users b on b.tenant_id = i.tenant_id and b.id = i.invited_by and b.state = 'active' and b.locked_at is null
        left join organization_roles r
            on r.tenant_id = i.tenant_id and r.organization_id = i.organization_id and r.id = i.role_id
        where i.tenant_id = current_tenant() and i.organization_id = $1 and i.digest = $2 and i.expires_at > now()
        """)

    /// The mail has arrived: the address is the user's.
    static let proveAddress = PostgresStatement(
        "organization_invitation_prove_address", [.uuid],
        """
        update users set email_verified_at = now(), updated_at = now()
        where tenant_id = current_tenant() and id = $1 and email_verified_at is null
        """)
}
