-- Imports of users: how far each came, so that one that was cut off goes on there, and what became of every row.

create table user_imports (
    tenant_id uuid not null references tenants (id) on delete cascade,
    id uuid not null,
    format text not null check (format in ('ndjson', 'csv')),
    on_conflict text not null check (on_conflict in ('fail', 'skip', 'update')),
    is_dry_run boolean not null,
    state text not null default 'open' check (state in ('open', 'finished')),
    -- The request that is at it. A later one takes its place; the earlier finds itself replaced at its next rows.
    claim uuid not null,
    -- The last line that was dealt with, and SHA-256 over all records up to there: whoever goes on has to begin with the
    -- same ones.
    line bigint not null default 0,
    digest bytea not null default '',
    created bigint not null default 0,
    updated bigint not null default 0,
    unchanged bigint not null default 0,
    skipped bigint not null default 0,
    failed bigint not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id)
);
create index user_imports_latest on user_imports (tenant_id, created_at);
call isolate_by_tenant('user_imports');

-- JSON lines, one a row of the import, those of one transaction together.
create table user_import_reports (
    tenant_id uuid not null,
    import_id uuid not null,
    first_line bigint not null,
    report text not null,
    primary key (tenant_id, import_id, first_line),
    foreign key (tenant_id, import_id) references user_imports (tenant_id, id) on delete cascade
);
call isolate_by_tenant('user_import_reports');

-- The business of the admin process alone.
revoke all on user_imports, user_import_reports from gatehouse_service;

-- Forgets imports that nobody has touched for a month, a few at a time; returns how many.
create function tidy_imports(at_most int default 10) returns bigint
    language sql security definer set search_path = public, pg_temp
    as $$
with gone as (
    delete from user_imports where (tenant_id, id) in (
        select tenant_id, id from user_imports where updated_at < now() - interval '30 days' limit at_most)
    returning 1
)
select count(*) from gone
$$;
revoke execute on function tidy_imports(int) from public;
grant execute on function tidy_imports(int) to gatehouse_admin;

-- Counts users anew while the planner believes that they are few; returns whether it knows that they are many. A plan for
-- few finds every index that begins with the tenant as good as any other, also to check a foreign key, and reads all users
-- of the tenant for each row. It would be kept until autovacuum comes by; an import is done by then, or has failed.
create function count_few_users() returns boolean
    language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '200ms'
    as $$
begin
    if (select reltuples >= 1000 from pg_class where oid = 'users'::regclass) then
        return true;
    end if;
    analyze users, user_roles, credentials;
    return false;
exception when lock_not_available then
    -- Somebody else is at it.
    return false;
end
$$;
revoke execute on function count_few_users() from public;
grant execute on function count_few_users() to gatehouse_admin;
