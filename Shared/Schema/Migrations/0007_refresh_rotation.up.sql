-- The slow path of a refresh: called only when the one-row update of the fast path came back empty, to find out why,
-- under the same row lock, and to act on it.

-- outcome: unknown | wrong_client | revoked | expired | inactive | rotated | successor | reuse
--   rotated    the generation presented was ahead of the stored one (a commit that a failover or a restore lost) or has
--              become current meanwhile: the stored one is raised, `generation` is the new one
--   successor  the immediate predecessor inside the client's reuse interval: `generation` is the successor it had
--   reuse      a used token came back: the session is revoked, `event_id` is the event to publish
create function settle_rotation(
    for_tenant uuid, for_session uuid, presented bigint, for_client text, idle interval,
    out outcome text, out generation bigint, out event_id bigint
)
    language plpgsql
    as $$
declare
    found_session record;
begin
    select s.generation, s.revoked_at, s.refreshed_at, s.expires_at, s.idle_expires_at, s.user_id,
            c.identifier, c.refresh_reuse_interval_seconds, c.state as client_state
        into found_session
        from sessions s
        join clients c on c.tenant_id = s.tenant_id and c.id = s.client_id
        where s.tenant_id = for_tenant and s.id = for_session
        for update of s;
    if not found then
        outcome := 'unknown';
    elsif found_session.identifier <> for_client then
        outcome := 'wrong_client';
    elsif found_session.revoked_at is not null then
        outcome := 'revoked';
    elsif least(found_session.expires_at, found_session.idle_expires_at) <= now() then
        outcome := 'expired';
    elsif found_session.client_state <> 'active' or not exists (
        select from users u join tenants t on t.id = u.tenant_id
            where u.tenant_id = for_tenant and u.id = found_session.user_id
                and u.state = 'active' and t.state = 'active'
    ) then
        outcome := 'inactive';
    elsif presented >= found_session.generation then
        update sessions s
            set generation = presented + 1, refreshed_at = clock_timestamp(), last_seen_at = clock_timestamp(),
                idle_expires_at = least(now() + idle, s.expires_at)
            where s.tenant_id = for_tenant and s.id = for_session;
        outcome := 'rotated';
        generation := presented + 1;
    elsif presented = found_session.generation - 1
        and found_session.refreshed_at
            > clock_timestamp() - make_interval(secs => found_session.refresh_reuse_interval_seconds)
    then
        outcome := 'successor';
        generation := found_session.generation;
    else
        update sessions s set revoked_at = now(), revoked_reason = 'refresh_token_reuse'
            where s.tenant_id = for_tenant and s.id = for_session;
        insert into events (tenant_id, kind, subject_id, payload)
            values (for_tenant, 'session.revoked', for_session,
                jsonb_build_object('user', found_session.user_id, 'reason', 'refresh_token_reuse'))
            returning id into event_id;
        outcome := 'reuse';
    end if;
end
$$;
