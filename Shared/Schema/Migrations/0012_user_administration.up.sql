-- What administrators ask of users: search by any part of a name, lists by state and by role, and passwords that have to
-- be chosen anew; and creations that are asked for twice and happen once.

-- Both come with the server (Debian's postgresql, the official image) and are trusted: the owner of a database may have them.
create extension if not exists pg_trgm;
create extension if not exists btree_gin;

-- All that a user is called, as it is compared, each on a line of its own, so that no search finds what spans two. Of a
-- name in ASCII, which has a byte for each character, there is nothing to normalise.
create function user_names(email_key text, username_key text, display_name text) returns text
    language sql immutable parallel safe
    as $$
select coalesce(email_key, '') || e'\n' || coalesce(username_key, '') || e'\n'
    || coalesce(
        case when octet_length(display_name) = length(display_name) then lower(display_name collate "C")
            else normalize(lower(normalize(display_name, nfkc) collate "und-x-icu"), nfkc) collate "C" end, '')
$$;
create index users_names on users using gin (tenant_id, user_names(email_key, username_key, display_name) gin_trgm_ops);
create index users_disabled on users (tenant_id, id) where state = 'disabled';

-- The password that was, lets nobody in any more: the next one comes by mail.
alter table users add column must_reset_password boolean not null default false;

-- Creations that carried a key: the request's digest, and the answer as it was given, sealed. A row is part of the
-- transaction that creates, so that there is one without the other never.
create table idempotency_keys (
    tenant_id uuid not null references tenants (id) on delete cascade,
    -- Who asked: `user:` or `client:` and the id.
    caller text not null,
    key_digest bytea not null check (length(key_digest) = 32),
    request_digest bytea not null check (length(request_digest) = 32),
    status int,
    sealed_answer bytea,
    created_at timestamptz not null default now(),
    primary key (tenant_id, caller, key_digest)
);
create index idempotency_keys_age on idempotency_keys (created_at);
call isolate_by_tenant('idempotency_keys');

-- As in migration 0008, and keys of creations after a day.
create or replace function tidy_accounts(at_most int default 2000) returns bigint
    language sql security definer set search_path = public, pg_temp
    as $$
with mails as (
    delete from mail_outbox where (tenant_id, id) in (
        select tenant_id, id from mail_outbox
        where created_at < now() - interval '30 days' and (sent_at is not null or failed_at is not null)
        limit at_most)
    returning 1
), tokens as (
    delete from one_time_tokens where (tenant_id, user_id, purpose) in (
        select tenant_id, user_id, purpose from one_time_tokens where expires_at < now() limit at_most)
    returning 1
), failures as (
    delete from login_failures where (tenant_id, kind, subject) in (
        select tenant_id, kind, subject from login_failures
        where last_failed_at < now() - interval '2 days' and blocked_until is distinct from 'infinity' limit at_most)
    returning 1
), dead_sessions as (
    delete from sessions where (tenant_id, id) in (
        select tenant_id, id from sessions where expires_at < now() - interval '7 days' limit at_most)
    returning 1
), keys as (
    delete from idempotency_keys where (tenant_id, caller, key_digest) in (
        select tenant_id, caller, key_digest from idempotency_keys
        where created_at < now() - interval '1 day' limit at_most)
    returning 1
)
select (select count(*) from mails) + (select count(*) from tokens) + (select count(*) from failures)
    + (select count(*) from dead_sessions) + (select count(*) from keys)
$$;
