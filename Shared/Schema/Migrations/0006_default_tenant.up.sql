-- A tenant is born with its built-in roles and the first-party client that sign-in through the API itself uses.

create function provision_tenant(new_id uuid, new_slug text, new_name text) returns void
    language plpgsql
    as $$
begin
    insert into tenants (id, slug, name) values (new_id, new_slug, new_name);
    insert into roles (tenant_id, id, name, description, is_builtin) values
        (new_id, gen_random_uuid(), 'USER', 'Every registered user', true),
        (new_id, gen_random_uuid(), 'MODERATOR', 'May see users and end their sessions', true),
        (new_id, gen_random_uuid(), 'ADMIN', 'May do everything inside the tenant', true);
    insert into role_permissions (tenant_id, role_id, permission)
        select new_id, roles.id, permissions.name
        from roles cross join permissions
        where roles.tenant_id = new_id
            and (roles.name = 'ADMIN'
                or roles.name = 'MODERATOR'
                    and permissions.name in ('users:read', 'sessions:read', 'sessions:write', 'organizations:read'));
    insert into clients (tenant_id, id, identifier, name, kind, is_first_party, grant_types)
        values (new_id, gen_random_uuid(), 'gatehouse', 'Sign-in through the API', 'public', true,
            '{password,refresh_token}');
end
$$;
revoke execute on function provision_tenant(uuid, text, text) from public;
grant execute on function provision_tenant(uuid, text, text) to gatehouse_admin;

-- The id is fixed so that every installation's default tenant is the same; it is a valid UUIDv7 of the year 1970.
select provision_tenant('00000000-0000-7000-8000-000000000001', 'default', 'Default');
