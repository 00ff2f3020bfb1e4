-- Roles made of permissions. What Gatehouse itself asks for is the catalogue in the code, and so is what the built-in
-- roles give; the database knows the permissions that a tenant's applications ask for, and what custom roles are made of.

drop table role_permissions, permissions;

-- Permissions of a tenant's own applications. Gatehouse asks for none of them, it only says who has them.
create table permissions (
    tenant_id uuid not null references tenants (id) on delete cascade,
    name text not null check (name ~ '^[a-z][a-z0-9_.-]{0,31}:[a-z][a-z0-9_.-]{0,31}$'),
    description text not null default '',
    created_at timestamptz not null default now(),
    primary key (tenant_id, name)
);
call isolate_by_tenant('permissions');

-- Counts the changes of a tenant's custom roles. Whoever makes one raises it first and so waits for others that do.
alter table tenants add column role_epoch bigint not null default 0;

alter table roles
    add column permissions text[] not null default '{}',
    -- The tenant's epoch at the role's last change: tokens that name the role and carry a lower one are refused.
    add column epoch bigint not null default 0;
alter table roles
    -- What the tokens of its holders are made of, in one column so that a refresh reads nothing more than before: the
    -- name, and of a custom role `#` with its epoch, and its permissions, which have a colon as no name has.
    add column claims text[] not null generated always as (
        case when is_builtin then array[name] else array[name, '#' || epoch::text] || permissions end) stored,
    add constraint roles_builtin_permissions check (not is_builtin or permissions = '{}'),
    -- Without its colon a permission would be read as the name of a role.
    add constraint roles_permission_names check (
        array_to_string(permissions, ',', '') ~ '^([a-z][a-z0-9_.-]*:[a-z][a-z0-9_.-]*(,|$))*$');

-- Users of one role in the order of their ids.
create index user_roles_holders on user_roles (tenant_id, role_id, user_id);
drop index user_roles_role;

-- What the roles of a user say, as `roles.claims`, with the mark of a superuser.
create function role_claims(for_user uuid) returns text[]
    language sql stable
    as $$
select array(
    select unnest(r.claims) from user_roles ur
    join roles r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
    where ur.tenant_id = current_tenant() and ur.user_id = for_user
    union all
    select 'superuser' from users u
    where u.tenant_id = current_tenant() and u.id = for_user and u.is_superuser
)
$$;

create or replace function provision_tenant(new_id uuid, new_slug text, new_name text) returns void
    language plpgsql
    as $$
begin
    insert into tenants (id, slug, name) values (new_id, new_slug, new_name);
    insert into roles (tenant_id, id, name, description, is_builtin) values
        (new_id, gen_random_uuid(), 'USER', 'Every registered user', true),
        (new_id, gen_random_uuid(), 'MODERATOR', 'May see users and end their sessions', true),
        (new_id, gen_random_uuid(), 'ADMIN', 'May do everything inside the tenant', true);
    insert into clients (tenant_id, id, identifier, name, kind, is_first_party, grant_types)
        values (new_id, gen_random_uuid(), 'gatehouse', 'Sign-in through the API', 'public', true,
            '{password,refresh_token}');
end
$$;

-- As in migration 0008, but a superuser who is locked out does not count as one who is left.
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
            and locked_at is null
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
