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
    -- Locked in one order, the user first, so that two that end the same sessions do not wait for one another. A login
    -- that is under way takes the same lock before it opens a session, and finds what was changed.
    perform lock_user(for_user);
    perform 1 from sessions s
        where s.tenant_id = current_tenant() and s.user_id = for_user and s.revoked_at is null
        order by s.id for update;
    with now_ended as (
        update sessions s set revoked_at = now(), revoked_reason = because
        where s.tenant_id = current_tenant() and s.user_id = for_user and s.id is distinct from except_session
            and s.revoked_at is null and s.expires_at > now()
        returning s.id, s.refreshed_at
    )
    -- Only those whose last access token may still live, an hour at most, are news to anybody.
    select count(*), jsonb_agg(now_ended.id) filter (where now_ended.refreshed_at > now() - interval '2 hours')
        into ended, ids from now_ended;
    if ids is not null then
        insert into events (tenant_id, kind, subject_id, payload)
            values (current_tenant(), 'sessions.revoked', for_user,
                jsonb_build_object('sessions', ids, 'reason', because))
            returning id into event_id;
    end if;
end
$$;

-- Ends the oldest sessions of a user beyond `cap`, never the one that was just opened. Called behind lock_user, so that
-- of many logins at once exactly `cap` sessions stay.
create function trim_sessions(
    for_user uuid, cap int, opened uuid, out ended bigint, out event_id bigint
)
    language plpgsql
    as $$
declare
    ids jsonb;
begin
    with surplus as (
        select s.id from sessions s
        where s.tenant_id = current_tenant() and s.id in (
            select living.id from sessions living
            where living.tenant_id = current_tenant() and living.user_id = for_user and living.id <> opened
                and living.revoked_at is null and least(living.expires_at, living.idle_expires_at) > now()
            order by living.created_at desc, living.id desc offset greatest(cap - 1, 0))
        order by s.id for update
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
--   wrong_scope  more was asked than the session was granted, by a token that is good; nothing was consumed
create function settle_rotation(
    for_tenant uuid, for_session uuid, presented bigint, for_client text, idle interval, wanted text[],
    out outcome text, out generation bigint, out event_id bigint
)
    language plpgsql
    as $$
declare
    found_session record;
begin
    select s.generation, s.scope, s.revoked_at, s.refreshed_at, s.expires_at, s.idle_expires_at,
            c.identifier, c.refresh_reuse_interval_seconds
        into found_session
        from sessions s
        join clients c on c.tenant_id = s.tenant_id and c.id = s.client_id
        where s.tenant_id = for_tenant and s.id = for_session
        for update of s;
    if found and wanted is not null and found_session.identifier = for_client and found_session.revoked_at is null
        and least(found_session.expires_at, found_session.idle_expires_at) > now()
        and (presented >= found_session.generation
            or presented = found_session.generation - 1 and found_session.refreshed_at
                > clock_timestamp() - make_interval(secs => found_session.refresh_reuse_interval_seconds))
        and not wanted <@ string_to_array(found_session.scope, ' ')
    then
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

-- Sealed keys of every tenant that were sealed under a master key of a lower number (its first byte). Not of a higher
-- one: while the master key is being changed, instances with the old one leave alone what the new one has sealed.
create function keys_sealed_before(current_version int)
    returns table (tenant_id uuid, kid text, sealed_private_key bytea)
    language sql stable security definer set search_path = public, pg_temp
    as $$
select tenant_id, kid, sealed_private_key from signing_keys where get_byte(sealed_private_key, 0) < current_version
$$;
revoke execute on function due_key_tenants(interval, interval), keys_sealed_before(int) from public;
grant execute on function due_key_tenants(interval, interval), keys_sealed_before(int) to gatehouse_service;

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
