-- Sessions that end together, tokens that are cut off, narrower refreshes, and clients that stand for an audience.

-- The audiences a client stands for as a resource server: it may introspect tokens that are meant for one of them.
alter table clients add column audiences text[] not null default '{}';

-- The name of a mark, not of a role: tokens show both in one list.
alter table roles add constraint roles_name_not_superuser check (name <> 'superuser');

-- Ends sessions of a user, all but one, in whatever transaction makes that necessary, and tells of it.
create function end_sessions(
    for_user uuid, except_session uuid, because text, out ended bigint, out event_id bigint
)
    language plpgsql
    as $$
declare
    ids jsonb;
begin
    -- Locked in one order, the user first, so that two that end the same sessions do not wait for one another.
    perform 1 from users u where u.tenant_id = current_tenant() and u.id = for_user for no key update;
    perform 1 from sessions s
        where s.tenant_id = current_tenant() and s.user_id = for_user and s.revoked_at is null
        order by s.id for update;
    with now_ended as (
        update sessions s set revoked_at = now(), revoked_reason = because
        where s.tenant_id = current_tenant() and s.user_id = for_user and s.id is distinct from except_session
            and s.revoked_at is null and s.expires_at > now()
        returning s.id
    )
    select count(*), jsonb_agg(now_ended.id) into ended, ids from now_ended;
    if ended > 0 then
        insert into events (tenant_id, kind, subject_id, payload)
            values (current_tenant(), 'sessions.revoked', for_user,
                jsonb_build_object('sessions', ids, 'reason', because))
            returning id into event_id;
    end if;
end
$$;

-- Ends the oldest sessions of a user beyond `cap`. Called behind a lock on the user, so that of many logins at once
-- exactly `cap` sessions stay.
create function trim_sessions(for_user uuid, cap int, out ended bigint, out event_id bigint)
    language plpgsql
    as $$
declare
    ids jsonb;
begin
    with surplus as (
        select s.id from sessions s
        where s.tenant_id = current_tenant() and s.user_id = for_user and s.revoked_at is null
            and least(s.expires_at, s.idle_expires_at) > now()
        order by s.created_at desc, s.id desc offset cap for update
    ), now_ended as (
        update sessions s set revoked_at = now(), revoked_reason = 'session_limit'
        from surplus where s.tenant_id = current_tenant() and s.id = surplus.id
        returning s.id
    )
    select count(*), jsonb_agg(now_ended.id) into ended, ids from now_ended;
    if ended > 0 then
        insert into events (tenant_id, kind, subject_id, payload)
            values (current_tenant(), 'sessions.revoked', for_user,
                jsonb_build_object('sessions', ids, 'reason', 'session_limit'))
            returning id into event_id;
    end if;
end
$$;

-- Cuts off every access token a user holds; the sessions stay, and the next refresh brings tokens of the new epoch.
create function raise_token_epoch(for_user uuid, because text) returns bigint
    language sql
    as $$
with raised as (
    update users set token_epoch = token_epoch + 1, updated_at = now()
    where tenant_id = current_tenant() and id = for_user
    returning tenant_id, id, token_epoch
)
insert into events (tenant_id, kind, subject_id, payload)
    select tenant_id, 'user.epoch', id, jsonb_build_object('epoch', token_epoch, 'reason', because) from raised
    returning id
$$;

-- As settle_rotation of migration 0007, which version 0.1's processes still call, with one more outcome:
--   wrong_scope  more was asked than the session was granted; nothing was consumed
create function settle_rotation(
    for_tenant uuid, for_session uuid, presented bigint, for_client text, idle interval, wanted text[],
    out outcome text, out generation bigint, out event_id bigint
)
    language plpgsql
    as $$
begin
    if wanted is not null and exists (
        select from sessions s
        where s.tenant_id = for_tenant and s.id = for_session and s.revoked_at is null
            and not wanted <@ string_to_array(s.scope, ' ')
    ) then
        outcome := 'wrong_scope';
        return;
    end if;
    select settled.outcome, settled.generation, settled.event_id
        into outcome, generation, event_id
        from settle_rotation(for_tenant, for_session, presented, for_client, idle) settled;
end
$$;

-- A retired key is published for as long as a token that it signed may live, and a margin.
create or replace view verification_keys as
    select tenant_id, kid, algorithm, state, public_key, created_at from signing_keys
    where state <> 'retired' or retired_at > now() - interval '2 hours';

-- Keys whose turn has come: tenants of which something is to be done, for the token process, which looks after all.
create function due_key_tenants(rotate_after interval, publish_ahead interval)
    returns table (tenant_id uuid)
    language sql stable security definer set search_path = public, pg_temp
    as $$
select t.id from tenants t
    left join signing_keys active on active.tenant_id = t.id and active.state = 'active'
    left join signing_keys next on next.tenant_id = t.id and next.state = 'next'
where active.kid is not null and (
    next.kid is null and (
        active.activated_at <= now() - (rotate_after - publish_ahead)
        or active.algorithm <> coalesce(t.settings ->> 'signing_algorithm', 'ES256'))
    or next.kid is not null and next.algorithm <> coalesce(t.settings ->> 'signing_algorithm', 'ES256')
    or next.created_at <= now() - publish_ahead)
or exists (
    select from signing_keys old
    where old.tenant_id = t.id and old.state = 'retired' and old.retired_at <= now() - interval '2 hours')
$$;

-- Sealed keys of every tenant that were sealed under another master key than the one of that version (its first byte).
create function keys_sealed_otherwise(current_version int)
    returns table (tenant_id uuid, kid text, sealed_private_key bytea)
    language sql stable security definer set search_path = public, pg_temp
    as $$
select tenant_id, kid, sealed_private_key from signing_keys where get_byte(sealed_private_key, 0) <> current_version
$$;
revoke execute on function due_key_tenants(interval, interval), keys_sealed_otherwise(int) from public;
grant execute on function due_key_tenants(interval, interval), keys_sealed_otherwise(int) to gatehouse_service;

-- The roles of a user as their tokens name them.
create function role_names(for_user uuid) returns text[]
    language sql stable
    as $$
select array(
    select r.name from user_roles ur
    join roles r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
    where ur.tenant_id = current_tenant() and ur.user_id = for_user
    union all
    select 'superuser' from users u
    where u.tenant_id = current_tenant() and u.id = for_user and u.is_superuser
)
$$;
