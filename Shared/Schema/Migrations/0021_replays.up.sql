-- The events that a hint names, for every process at every hint: read so that neither planning nor the number of days that
-- are kept make it dear.
--
-- The settings keep one plan, in which each partition is looked into by its index. Left to itself, the planner plans anew
-- each time, since for an array whose length it sees a plan looks cheaper than for any; and it plans for all partitions,
-- which takes ten times as long as the reading, and fifty times with thirty days of them.
--
-- The bounds are for the partitions alone: those beyond them are not even opened. An event bears the time at which its
-- transaction began, so that of a transaction of an hour nothing is found here. The reading past the cursor, which knows no
-- bounds, finds it.
create function hinted_events(ids bigint[])
    returns table (
        transaction bigint, id bigint, tenant_id uuid, kind text, subject_id uuid, payload text, created_at timestamptz)
    language plpgsql stable
    set plan_cache_mode = force_generic_plan
    set enable_seqscan = off
    set jit = off
    as $$
#variable_conflict use_column
begin
    return query
        select e.transaction::text::bigint, e.id, e.tenant_id, e.kind, e.subject_id, e.payload::text, e.created_at
        from all_events e
        where e.id = any(ids)
            and e.created_at > now() - interval '1 hour' and e.created_at < now() + interval '1 hour'
        order by e.transaction, e.id;
end
$$;
revoke execute on function hinted_events(bigint[]) from public;
grant execute on function hinted_events(bigint[]) to gatehouse_service, gatehouse_admin;

-- The slow path of a refresh in one function: what settle_rotation of migrations 0007, 0009 and 0013, which processes of the
-- version before still call, do by calling one another. It is the way of every token that comes back. One reading under
-- the row lock, then at most one change of the session.
--
-- outcome: unknown | wrong_client | revoked | expired | wrong_scope | inactive | wrong_organization | rotated | successor | reuse
--   wrong_scope, wrong_organization
--              more was asked than was granted, or an organization that the user does not belong to, by a token that is
--              good; nothing was consumed
--   rotated    the generation presented was ahead of the stored one (a commit that a failover or a restore lost) or has
--              become current meanwhile: the stored one is raised, `generation` is the new one
--   successor  the immediate predecessor inside the client's reuse interval: `generation` is the successor it had
--   reuse      a used token came back: the session is revoked, `event_id` is the event to publish
create function settle_refresh(
    for_session uuid, presented bigint, for_client text, idle interval, wanted text[], chooses boolean, chosen uuid,
    out outcome text, out generation bigint, out event_id bigint
)
    language plpgsql
    as $$
declare
    for_tenant constant uuid := current_tenant();
    found_session record;
    is_current boolean;
    is_predecessor boolean;
begin
    select s.generation, s.scope, s.revoked_at, s.refreshed_at, s.expires_at, s.idle_expires_at, s.user_id,
            c.identifier, c.refresh_reuse_interval_seconds, c.state as client_state
        into found_session
        from sessions s
        join clients c on c.tenant_id = s.tenant_id and c.id = s.client_id
        where s.tenant_id = for_tenant and s.id = for_session
        for update of s;
    if not found then
        outcome := 'unknown';
        return;
    end if;
    is_current := presented >= found_session.generation;
    -- By the time at which the lock was had, however long that took.
    is_predecessor := presented = found_session.generation - 1
        and found_session.refreshed_at
            > clock_timestamp() - make_interval(secs => found_session.refresh_reuse_interval_seconds);
    if found_session.identifier <> for_client then
        outcome := 'wrong_client';
    elsif found_session.revoked_at is not null then
        outcome := 'revoked';
    elsif least(found_session.expires_at, found_session.idle_expires_at) <= now() then
        outcome := 'expired';
    elsif (is_current or is_predecessor) and not wanted <@ string_to_array(found_session.scope, ' ') then
        outcome := 'wrong_scope';
    -- Read only now: whoever held the lock may have disabled the user.
    elsif found_session.client_state <> 'active' or not exists (
        select from users u join tenants t on t.id = u.tenant_id
            where u.tenant_id = for_tenant and u.id = found_session.user_id
                and u.state = 'active' and t.state = 'active'
    ) then
        outcome := 'inactive';
    elsif not (is_current or is_predecessor) then
        update sessions s set revoked_at = now(), revoked_reason = 'refresh_token_reuse'
            where s.tenant_id = for_tenant and s.id = for_session;
        insert into events (tenant_id, kind, subject_id, payload)
            values (for_tenant, 'session.revoked', for_session,
                jsonb_build_object('user', found_session.user_id, 'reason', 'refresh_token_reuse'))
            returning id into event_id;
        outcome := 'reuse';
    elsif chooses and chosen is not null and organization_claims(chosen, found_session.user_id) is null then
        outcome := 'wrong_organization';
    elsif is_current then
        update sessions s
            set generation = presented + 1, refreshed_at = clock_timestamp(), last_seen_at = clock_timestamp(),
                idle_expires_at = least(now() + idle, s.expires_at),
                organization_id = case when chooses then chosen else s.organization_id end
            where s.tenant_id = for_tenant and s.id = for_session;
        outcome := 'rotated';
        generation := presented + 1;
    else
        if chooses then
            update sessions s set organization_id = chosen where s.tenant_id = for_tenant and s.id = for_session;
        end if;
        outcome := 'successor';
        generation := found_session.generation;
    end if;
end
$$;
