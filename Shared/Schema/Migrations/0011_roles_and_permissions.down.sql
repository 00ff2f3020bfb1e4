drop function role_claims(uuid);
create index user_roles_role on user_roles (tenant_id, role_id);
drop index user_roles_holders;
alter table roles drop constraint roles_builtin_permissions, drop constraint roles_permission_names,
    drop column claims;
alter table roles drop column permissions, drop column epoch;
alter table tenants drop column role_epoch;
drop table permissions;

create table permissions (
    name text primary key check (name ~ '^[a-z_]+:[a-z_]+$'),
    description text not null
);
grant select on permissions to gatehouse_service, gatehouse_admin;

insert into permissions (name, description) values
    ('users:read', 'See the users of the tenant'),
    ('users:write', 'Create, change, disable and delete users'),
    ('roles:read', 'See roles and who holds them'),
    ('roles:write', 'Create and change roles, grant and withdraw them'),
    ('clients:read', 'See the registered clients'),
    ('clients:write', 'Register, change and remove clients'),
    ('sessions:read', 'See the sessions of any user'),
    ('sessions:write', 'End the sessions of any user'),
    ('keys:read', 'See the signing keys (public part)'),
    ('keys:write', 'Rotate and retire signing keys'),
    ('organizations:read', 'See every organization'),
    ('organizations:write', 'Change every organization'),
    ('audit:read', 'Read the audit log'),
    ('tenant:write', 'Change the settings of the tenant');

create table role_permissions (
    tenant_id uuid not null,
    role_id uuid not null,
    permission text not null references permissions (name) on delete cascade,
    primary key (tenant_id, role_id, permission),
    foreign key (tenant_id, role_id) references roles (tenant_id, id) on delete cascade
);
call isolate_by_tenant('role_permissions');

insert into role_permissions (tenant_id, role_id, permission)
    select roles.tenant_id, roles.id, permissions.name
    from roles cross join permissions
    where roles.is_builtin
        and (roles.name = 'ADMIN'
            or roles.name = 'MODERATOR'
                and permissions.name in ('users:read', 'sessions:read', 'sessions:write', 'organizations:read'));

create or replace function provision_tenant(new_id uuid, new_slug text, new_name text) returns void
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

create or replace function remove_user(for_user uuid) returns void
    language plpgsql
    as $$
begin
    perform lock_user(for_user);
    perform pg_advisory_xact_lock(hashtextextended('gatehouse.remove_user/' || current_tenant(), 0));
    if exists (
        select from users where tenant_id = current_tenant() and id = for_user and is_superuser
    ) and not exists (
        select from users
        where tenant_id = current_tenant() and id <> for_user and is_superuser and state = 'active'
    ) then
        raise exception 'the last superuser stays' using errcode = 'GH003';
    end if;
    if exists (
        select from organization_members m
        where m.tenant_id = current_tenant() and m.user_id = for_user and m.role = 'owner' and not exists (
            select from organization_members other
            where other.tenant_id = m.tenant_id and other.organization_id = m.organization_id
                and other.user_id <> for_user and other.role = 'owner')
    ) then
        raise exception 'the last owner of an organization stays' using errcode = 'GH004';
    end if;
    delete from users where tenant_id = current_tenant() and id = for_user;
end
$$;
