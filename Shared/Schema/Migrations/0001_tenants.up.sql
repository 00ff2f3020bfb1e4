-- The roles the processes connect as, the tenants, and the words every later migration uses.

do $$
begin
    -- Roles belong to the cluster, not to the database: they may be there already, made with a password by whoever
    -- runs the cluster. One that is missing is made without the right to log in.
    if not exists (select from pg_roles where rolname = 'gatehouse_service') then
        create role gatehouse_service;
    end if;
    if not exists (select from pg_roles where rolname = 'gatehouse_admin') then
        create role gatehouse_admin;
    end if;
end
$$;

grant usage on schema public to gatehouse_service, gatehouse_admin;

-- The tenant of this transaction, set by the driver ahead of each statement; null when none is set, and then row-level
-- security shows nothing.
create function current_tenant() returns uuid
    language sql stable parallel safe
    as $$ select nullif(current_setting('gatehouse.tenant', true), '')::uuid $$;

-- An e-mail address or username as it is compared: compatibility forms unified, case folded. One account can't be
-- registered or guessed at twice under two spellings of one name.
create function identity_key(given text) returns text
    language sql immutable strict parallel safe
    as $$ select normalize(lower(normalize(given, nfkc) collate "und-x-icu"), nfkc) collate "C" $$;

create table tenants (
    id uuid primary key,
    slug text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name text not null check (name <> ''),
    state text not null default 'active' check (state in ('active', 'suspended')),
    -- Only what differs from the defaults, by the names of `TenantSettings`.
    settings jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table tenant_hosts (
    host text primary key check (host = lower(host)),
    tenant_id uuid not null references tenants (id) on delete cascade
);
create index tenant_hosts_tenant on tenant_hosts (tenant_id);

grant select on tenants, tenant_hosts to gatehouse_service;
grant select, insert, update, delete on tenants, tenant_hosts to gatehouse_admin;

-- Puts a tenant-owned table under row-level security: the service role sees the transaction's tenant, the admin role
-- sees all. Owners are exempt, which is what lets the functions and views of this schema work across tenants.
create procedure isolate_by_tenant(subject regclass)
    language plpgsql
    as $$
begin
    execute format('alter table %s enable row level security', subject);
    execute format(
        'create policy tenant_isolation on %s for all to gatehouse_service '
        'using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())',
        subject);
    execute format(
        'create policy every_tenant on %s for all to gatehouse_admin using (true) with check (true)', subject);
    execute format('grant select, insert, update, delete on %s to gatehouse_service, gatehouse_admin', subject);
end
$$;
revoke execute on procedure isolate_by_tenant(regclass) from public;
