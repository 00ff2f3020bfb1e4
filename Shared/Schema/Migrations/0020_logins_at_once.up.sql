-- A login in two looks at the database: one finds the account and who stands in its way, one writes all that it leaves.
-- The functions of earlier migrations stay, for the processes of the version before.
--
-- All of them are PL/pgSQL, which keeps the plans of its statements: a function in SQL is parsed and planned anew by each
-- statement that calls it. They set nothing: a setting of a function costs as much as one of its statements. Instead each
-- statement finds its rows by a whole key, or in what one user has, without `or` and lists, which leave the planner to read
-- all of a table that it believes to be small.

-- As in migration 0008.
create or replace function lock_user(for_user uuid) returns void
    language plpgsql
    as $$
begin
    perform from users where tenant_id = current_tenant() and id = for_user for no key update;
end
$$;

-- As in migration 0008.
create or replace function address_prefix(given text) returns text
    language plpgsql immutable strict parallel safe
    as $$
declare
    address constant inet := given::inet;
begin
    if family(address) = 4 then
        return host(address);
    elsif address << '::ffff:0:0/96' then
        return regexp_replace(host(address), '^::ffff:', '');
    end if;
    return network(set_masklen(address, 64))::text;
end
$$;

-- As in migration 0008, with one version of the row for each failure instead of two.
create or replace function count_login_failure(
    for_kind text, for_subject text, free int, hard int, decay interval, longest interval
)
    returns timestamptz
    language plpgsql
    as $$
declare
    until timestamptz;
begin
    -- The insert waits for others that count the same: no failure is lost.
    insert into login_failures as f (tenant_id, kind, subject, failures, last_failed_at, blocked_until)
        values (current_tenant(), for_kind, for_subject, 1, clock_timestamp(), case
            when 1 >= hard then 'infinity'::timestamptz
            when 1 > free then clock_timestamp() + least(longest, interval '30 seconds' * 2 ^ least(-free, 16)) end)
    on conflict (tenant_id, kind, subject) do update
        set (failures, last_failed_at, blocked_until) = (
            select counted, clock_timestamp(), case
                when counted >= hard then 'infinity'::timestamptz
                when counted > free then clock_timestamp()
                    + least(longest, interval '30 seconds' * 2 ^ least(counted - free - 1, 16)) end
            from (
                select case
                    when f.blocked_until = 'infinity' or f.last_failed_at > clock_timestamp() - decay
                    then f.failures + 1 else 1 end
            ) as next (counted))
    returning f.blocked_until into until;
    return until;
end
$$;

-- The account that a name belongs to, and who stands in its way: always one row, whose account may be null. A username has
-- no `@` and an e-mail address has one, so there is one account at most. `marks` are the digests, in hexadecimal, that the
-- device shows; `blocked` are the kinds of count that forbid a try now.
create function find_account(
    given_name text, from_address text, marks text[],
    out account uuid, out standing text, out hash text, out password_version bigint, out is_unproven boolean,
    out must_reset boolean, out known_device text, out blocked text[]
)
    language plpgsql stable
    as $$
declare
    -- Once: the comparison's form of a name costs more than to find it.
    wanted constant text := identity_key(given_name);
begin
    select u.id, case when u.locked_at is null then u.state else 'locked' end,
            u.email is not null and u.email_verified_at is null, u.must_reset_password
        into account, standing, is_unproven, must_reset
        from (
            select * from users e where e.tenant_id = current_tenant() and e.email_key = wanted
            union all
            select * from users n where n.tenant_id = current_tenant() and n.username_key = wanted
        ) u;
    select c.secret, c.version into hash, password_version from credentials c
        where c.tenant_id = current_tenant() and c.user_id = account and c.kind = 'password';
    if cardinality(marks) > 0 then
        select encode(d.digest, 'hex') into known_device from known_devices d
            where d.tenant_id = current_tenant() and d.user_id = account and encode(d.digest, 'hex') = any (marks)
            limit 1;
    end if;
    blocked := array(
        select f.kind from login_failures f
        where f.tenant_id = current_tenant() and f.kind = 'account' and f.subject = account::text
            and f.blocked_until > clock_timestamp()
        union all
        select f.kind from login_failures f
        where f.tenant_id = current_tenant() and f.kind = 'address' and f.subject = address_prefix(from_address)
            and f.blocked_until > clock_timestamp()
        union all
        select f.kind from login_failures f
        where f.tenant_id = current_tenant() and f.kind = 'device' and f.subject = known_device
            and f.blocked_until > clock_timestamp());
end
$$;

-- Opens a session when user and client may, and while the password is the one that was checked; tells what its tokens say.
-- Nothing is opened where `ends_at` comes back null. Ends the user's oldest sessions beyond `cap`, where that is not 0;
-- `event_id` is the event to publish of that.
--
-- Where `history_entry` is given, the login is recorded with it: in the history, by failures that are forgotten, and by
-- the device. `known_device` and `new_device` are digests in hexadecimal; of more than twenty devices the one that was not
-- used for longest is forgotten.
create function open_session(
    new_session uuid, for_user uuid, for_client text, methods text[], device text, agent text, agent_browser text,
    agent_system text, address inet, idle_seconds float8, seconds float8, granted_scope text, checked_version bigint,
    cap int, history_entry uuid, request text, known_device text, new_device text,
    out claims text[], out epoch bigint, out opened_at timestamptz, out ends_at timestamptz, out event_id bigint
)
    language plpgsql
    as $$
declare
    is_superuser boolean;
begin
    -- Lets whatever else changes this user's sessions or password end before, and begin after. The statements behind it
    -- see what has ended.
    select u.token_epoch, u.is_superuser into epoch, is_superuser from users u
        where u.tenant_id = current_tenant() and u.id = for_user and u.state = 'active' and u.locked_at is null
            and (checked_version is null or not u.must_reset_password)
        for no key update;
    if not found then
        return;
    end if;
    insert into sessions
        (tenant_id, id, user_id, client_id, amr, device_name, user_agent, browser, os, ip, created_at, refreshed_at,
            last_seen_at, idle_expires_at, expires_at, scope)
        select current_tenant(), new_session, for_user, c.id, methods, device, agent, agent_browser, agent_system,
            address, clock_timestamp(), clock_timestamp(), clock_timestamp(),
            now() + make_interval(secs => least(idle_seconds, seconds)), now() + make_interval(secs => seconds),
            granted_scope
        from clients c
        where c.tenant_id = current_tenant() and c.identifier = for_client and c.state = 'active'
            and (checked_version is null or exists (
                select from credentials k
                where k.tenant_id = current_tenant() and k.user_id = for_user and k.kind = 'password'
                    and k.version = checked_version))
        returning authenticated_at, least(expires_at, idle_expires_at),
            array(
                select unnest(r.claims) from user_roles ur
                join roles r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
                where ur.tenant_id = current_tenant() and ur.user_id = for_user
                union all select 'superuser' where is_superuser)
        into opened_at, ends_at, claims;
    if not found then
        return;
    end if;
    if cap > 0 then
        select trimmed.event_id into event_id from trim_sessions(for_user, cap, new_session) trimmed;
    end if;
    if history_entry is null then
        return;
    end if;
    insert into login_history
        (tenant_id, id, user_id, outcome, session_id, ip, user_agent, device_name, request_id)
        values (
            current_tenant(), history_entry, for_user, 'success', new_session, address, agent, device, request);
    delete from login_failures
        where tenant_id = current_tenant() and kind = 'account' and subject = for_user::text;
    if known_device is not null then
        delete from login_failures
            where tenant_id = current_tenant() and kind = 'device' and subject = known_device;
        update known_devices set last_used_at = now()
            where tenant_id = current_tenant() and user_id = for_user and digest = decode(known_device, 'hex')
                and last_used_at < now() - interval '1 hour';
    elsif new_device is not null then
        -- The new one is not seen by what makes room for it: nineteen others stay.
        with surplus as (
            delete from known_devices
            where tenant_id = current_tenant() and user_id = for_user and digest = any (array(
                select d.digest from known_devices d
                where d.tenant_id = current_tenant() and d.user_id = for_user
                order by d.last_used_at desc offset 19))
        )
        insert into known_devices (tenant_id, user_id, digest)
            values (current_tenant(), for_user, decode(new_device, 'hex'))
            on conflict (tenant_id, user_id, digest) do update set last_used_at = now();
    end if;
end
$$;
