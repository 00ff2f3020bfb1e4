-- Append-only tables, partitioned by time so that retention drops partitions and never deletes rows.

create table events (
    tenant_id uuid not null,
    id bigint generated always as identity,
    -- The writing transaction. Ids are handed out before commit, in no order of commit; a reader that follows
    -- (transaction, id) up to the oldest transaction still running misses nothing.
    transaction xid8 not null default pg_current_xact_id(),
    kind text not null,
    subject_id uuid,
    payload jsonb not null default '{}',
    created_at timestamptz not null default now(),
    primary key (tenant_id, created_at, id)
) partition by range (created_at);
create index events_order on events (transaction, id);
create index events_id on events (id);
call isolate_by_tenant('events');

create table audit_log (
    tenant_id uuid not null,
    id uuid not null,
    created_at timestamptz not null default now(),
    actor_kind text not null check (actor_kind in ('user', 'client', 'system')),
    actor_id uuid,
    action text not null,
    target_kind text not null,
    target_id text,
    ip inet,
    request_id text,
    detail jsonb not null default '{}',
    primary key (tenant_id, created_at, id)
) partition by range (created_at);
create index audit_log_target on audit_log (tenant_id, target_kind, target_id, created_at);
call isolate_by_tenant('audit_log');

create table login_history (
    tenant_id uuid not null,
    id uuid not null,
    created_at timestamptz not null default now(),
    -- Null when no account matched what was typed, which itself is not kept.
    user_id uuid,
    outcome text not null check (outcome in ('success', 'failure')),
    reason text,
    session_id uuid,
    ip inet,
    user_agent text,
    device_name text,
    request_id text,
    primary key (tenant_id, created_at, id)
) partition by range (created_at);
create index login_history_user on login_history (tenant_id, user_id, created_at);
call isolate_by_tenant('login_history');

-- What is appended stays as it was written.
revoke update, delete on events, audit_log, login_history from gatehouse_service, gatehouse_admin;

create table events_rest partition of events default;
create table audit_log_rest partition of audit_log default;
create table login_history_rest partition of login_history default;

-- Makes the partitions of today and `ahead` more steps: a day each for events, a month each for the histories. Safe to
-- call at any time, from any number of processes. A step whose rows already went to the rest partition stays there.
create function make_partitions(ahead int default 3) returns int
    language plpgsql security definer set search_path = public, pg_temp
    as $$
declare
    plan record;
    step int;
    lower_bound timestamptz;
    partition_name text;
    made int := 0;
begin
    perform pg_advisory_xact_lock(hashtext('gatehouse.make_partitions'));
    for plan in
        select * from (values
            ('events', 'day', interval '1 day', 'YYYYMMDD'),
            ('audit_log', 'month', interval '1 month', 'YYYYMM'),
            ('login_history', 'month', interval '1 month', 'YYYYMM')
        ) as plans (parent, unit, width, suffix)
    loop
        for step in 0 .. ahead loop
            lower_bound := date_trunc(plan.unit, now() at time zone 'utc') at time zone 'utc' + step * plan.width;
            partition_name := plan.parent || '_' || to_char(lower_bound at time zone 'utc', plan.suffix);
            continue when to_regclass(partition_name) is not null;
            begin
                execute format(
                    'create table %I partition of %I for values from (%L) to (%L)',
                    partition_name, plan.parent, lower_bound, lower_bound + plan.width);
                made := made + 1;
            exception when check_violation then
                null;
            end;
        end loop;
    end loop;
    return made;
end
$$;

-- Drops the partitions of one append-only table that end before `before`; returns how many.
create function drop_partitions(parent text, before timestamptz) returns int
    language plpgsql security definer set search_path = public, pg_temp
    as $$
declare
    old record;
    dropped int := 0;
begin
    if parent not in ('events', 'audit_log', 'login_history') then
        raise exception 'drop_partitions: % is not an append-only table', parent;
    end if;
    for old in
        select child.relname,
            substring(pg_get_expr(child.relpartbound, child.oid) from 'TO \(''([^'']+)''\)')::timestamptz as upper_bound
        from pg_inherits
        join pg_class child on child.oid = pg_inherits.inhrelid
        where pg_inherits.inhparent = to_regclass(parent)
            and pg_get_expr(child.relpartbound, child.oid) <> 'DEFAULT'
    loop
        if old.upper_bound <= before then
            execute format('drop table %I', old.relname);
            dropped := dropped + 1;
        end if;
    end loop;
    return dropped;
end
$$;

revoke execute on function make_partitions(int), drop_partitions(text, timestamptz) from public;
grant execute on function make_partitions(int), drop_partitions(text, timestamptz) to gatehouse_admin;
select make_partitions();

-- Every process follows the events of every tenant: these views and functions run with their owner's rights. Rows hold
-- ids only, never anything secret.
create view all_events as
    select transaction, id, tenant_id, kind, subject_id, payload, created_at from events;
grant select on all_events to gatehouse_service, gatehouse_admin;
