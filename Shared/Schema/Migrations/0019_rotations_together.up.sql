-- Refreshes of one tenant that come at once, together: the compare and set of the one-row update in the token process, for
-- many rows. The n-th element of each array belongs to the n-th refresh; no session comes twice. A refresh whose row does
-- not come back takes the slow path, which finds out why.
--
-- A row that somebody else has locked is left out instead of waited for: it holds up none of the others, and no two of
-- these can wait for one another.
--
-- Row-level security holds as everywhere: it runs with its caller's rights, in the tenant that the transaction has set.
-- The settings keep one plan, which finds each row by its key. Left to itself, the planner reads all sessions of a tenant
-- while they are few, and keeps to that plan when they are not any more; or plans anew each time, which costs more than
-- the rotations.
create function rotate_sessions(
    for_sessions uuid[], presented bigint[], for_clients text[], idle_seconds bigint[], wanted_scopes text[]
)
    returns table (
        generation bigint, scope text, user_id uuid, roles text[], token_epoch bigint, amr text[],
        authenticated_at timestamptz, ends_at timestamptz, id uuid)
    language plpgsql
    set plan_cache_mode = force_generic_plan
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set jit = off
    as $$
#variable_conflict use_column
begin
    return query
        with taken as materialized (
            select s.place, w.idle, u.token_epoch, u.is_superuser
            from (
                -- For the planner a limit that it can't foresee makes this one row: what finds one by its key finds all.
                select * from unnest(for_sessions, presented, for_clients, idle_seconds, wanted_scopes)
                limit cardinality(for_sessions)
            ) as w (session, generation, client, idle, scope),
            lateral (
                select s.ctid as place, s.user_id, s.client_id from sessions s
                where s.tenant_id = current_tenant() and s.id = w.session and s.generation = w.generation
                    and s.organization_id is null
                    and s.revoked_at is null and s.expires_at > now() and s.idle_expires_at > now()
                    and (w.scope is null or string_to_array(w.scope, ' ') <@ string_to_array(s.scope, ' '))
                for no key update skip locked
            ) s,
            -- Limits, so that each is looked up by its whole key: of a table that was never analysed a join would read all
            -- that the tenant has.
            lateral (
                select u.token_epoch, u.is_superuser from users u
                where u.tenant_id = current_tenant() and u.id = s.user_id and u.state = 'active'
                limit 1
            ) u,
            lateral (
                select from clients c
                where c.tenant_id = current_tenant() and c.id = s.client_id and c.identifier = w.client
                    and c.state = 'active'
                limit 1
            ) c
        )
        update sessions s
        set generation = s.generation + 1, refreshed_at = clock_timestamp(), last_seen_at = clock_timestamp(),
            idle_expires_at = least(now() + make_interval(secs => w.idle), s.expires_at)
        from taken w
        -- Where the row stands; it is locked, and so does not move. A version that came after the statement began is not
        -- seen here, and takes the slow path.
        where s.tenant_id = current_tenant() and s.ctid = w.place
        returning s.generation, s.scope, s.user_id,
            array(
                select unnest(r.claims) from user_roles ur
                join roles r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
                where ur.tenant_id = s.tenant_id and ur.user_id = s.user_id
                union all select 'superuser' where w.is_superuser
            ),
            w.token_epoch, s.amr, s.authenticated_at, least(s.expires_at, s.idle_expires_at), s.id;
end
$$;
