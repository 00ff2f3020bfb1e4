-- How tenants and clients' secrets come to their end: both with time to think again.

-- A tenant that is to be deleted is refused like a suspended one until then, and can be taken back.
alter table tenants drop constraint tenants_state_check;
alter table tenants add constraint tenants_state_check check (state in ('active', 'suspended', 'deleting'));
alter table tenants add column delete_after timestamptz;
alter table tenants add constraint tenants_deletion check ((state = 'deleting') = (delete_after is not null));
create index tenants_deletion on tenants (delete_after) where state = 'deleting';

alter table clients
    -- The secret before this one, for as long as it is good beside it.
    add column former_secret_hash bytea,
    add column former_secret_expires_at timestamptz,
    -- What the client has otherwise than its tenant; null as the tenant has it.
    add column access_token_lifetime_seconds int check (access_token_lifetime_seconds between 60 and 3600),
    add column session_idle_lifetime_seconds int check (session_idle_lifetime_seconds between 60 and 31536000),
    add column session_lifetime_seconds int check (session_lifetime_seconds between 60 and 31536000),
    add constraint clients_former_secret check ((former_secret_hash is null) = (former_secret_expires_at is null));

-- Takes away a piece of the tenant whose time came first; returns how many rows went, and the tenant's id once nothing of
-- it is left. Its audit log stays until its own time is over. As the owner, because logins are otherwise only added.
create function delete_tenants(at_most int default 2000) returns table (removed bigint, finished uuid)
    language plpgsql security definer set search_path = public, pg_temp
    as $$
declare
    doomed uuid;
begin
    -- Whoever takes a deletion back holds this lock, too.
    select id into doomed from tenants
        where state = 'deleting' and delete_after <= now() order by delete_after limit 1 for update skip locked;
    if doomed is null then
        return query select 0::bigint, null::uuid;
        return;
    end if;
    -- What there may be millions of, each before what it refers to; the rest goes with the tenant's own row.
    delete from login_history where (tenant_id, created_at, id) in (
        select h.tenant_id, h.created_at, h.id from login_history h where h.tenant_id = doomed limit at_most);
    get diagnostics removed = row_count;
    if removed = 0 then
        delete from mail_outbox where tenant_id = doomed and id in (
            select m.id from mail_outbox m where m.tenant_id = doomed limit at_most);
        get diagnostics removed = row_count;
    end if;
    if removed = 0 then
        delete from sessions where tenant_id = doomed and id in (
            select s.id from sessions s where s.tenant_id = doomed limit at_most);
        get diagnostics removed = row_count;
    end if;
    if removed = 0 then
        delete from users where tenant_id = doomed and id in (
            select u.id from users u where u.tenant_id = doomed limit at_most);
        get diagnostics removed = row_count;
    end if;
    if removed = 0 then
        delete from tenants where id = doomed;
        removed := 1;
        finished := doomed;
    end if;
    return next;
end
$$;
revoke execute on function delete_tenants(int) from public;
grant execute on function delete_tenants(int) to gatehouse_admin;
