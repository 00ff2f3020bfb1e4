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
)
select (select count(*) from mails) + (select count(*) from tokens) + (select count(*) from failures)
    + (select count(*) from dead_sessions)
$$;

drop table idempotency_keys;
alter table users drop column must_reset_password;
drop index users_disabled, users_names;
drop function user_names(text, text, text);
-- The extensions stay: they may be somebody else's, too.
