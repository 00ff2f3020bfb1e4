-- The audit log can be read by what one looks for, and shows when it was tampered with.

-- The order in which rows are sealed. Whoever draws a number has an id as a transaction by then: a reader that reads the
-- last number, then takes an id of its own, and waits until all lower ids are history, has seen every number up to there.
create sequence audit_positions;
grant usage on sequence audit_positions to gatehouse_service, gatehouse_admin;
grant select on sequence audit_positions to gatehouse_admin;
alter table audit_log add column position bigint not null
    default (case when pg_current_xact_id() is not null then nextval('audit_positions') end);
alter sequence audit_positions owned by audit_log.position;

create index audit_log_position on audit_log (position);
create index audit_log_actor on audit_log (tenant_id, actor_id, created_at);
create index audit_log_action on audit_log (tenant_id, action, created_at);
create index audit_log_request on audit_log (tenant_id, request_id);

-- Each seal vouches for the rows of a range of positions and for the seal before it: its hash is a MAC under a key that
-- the database does not have. Written by the admin process alone, one at a time.
create table audit_seals (
    number bigint primary key check (number > 0),
    -- Empty, the first above the last, where a seal only tells of a retention.
    first_position bigint not null,
    last_position bigint not null,
    row_count int not null,
    -- Rows of months before this one were dropped, because they were older than history is kept.
    dropped_before timestamptz,
    -- Seals before this one were dropped with them.
    first_kept bigint,
    sealed_at timestamptz not null,
    key_version smallint not null,
    hash bytea not null check (length(hash) = 32)
);
grant select, insert on audit_seals to gatehouse_admin;

-- What a seal holds of one tenant and one month: each tenant's rows can be checked without the others', and those of the
-- months that are left without those of the months that were dropped.
create table audit_seal_parts (
    tenant_id uuid not null,
    seal bigint not null,
    month timestamptz not null,
    row_count int not null,
    digest bytea not null check (length(digest) = 32),
    primary key (tenant_id, seal, month)
);
create index audit_seal_parts_seal on audit_seal_parts (seal);
call isolate_by_tenant('audit_seal_parts');
revoke insert, update, delete on audit_seal_parts from gatehouse_service;
revoke update, delete on audit_seal_parts from gatehouse_admin;

-- Forgets the seals before one, which a seal has told of; returns how many.
create function prune_audit_seals(kept bigint) returns bigint
    language sql security definer set search_path = public, pg_temp
    as $$
with parts as (
    delete from audit_seal_parts where seal < kept
), pruned as (
    delete from audit_seals where number < kept returning 1
)
select count(*) from pruned
$$;
revoke execute on function prune_audit_seals(bigint) from public;
grant execute on function prune_audit_seals(bigint) to gatehouse_admin;
