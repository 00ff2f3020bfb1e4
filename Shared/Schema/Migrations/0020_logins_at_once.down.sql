drop function open_session(
    uuid, uuid, text, text[], text, text, text, text, inet, float8, float8, text, bigint, int, uuid, text, text, text);
drop function find_account(text, text, text[]);

create or replace function lock_user(for_user uuid) returns void
    language sql
    as $$ select from users where tenant_id = current_tenant() and id = for_user for no key update $$;

create or replace function address_prefix(given text) returns text
    language sql immutable strict parallel safe
    as $$
select case
    when given::inet << '::ffff:0:0/96' then regexp_replace(host(given::inet), '^::ffff:', '')
    when family(given::inet) = 6 then network(set_masklen(given::inet, 64))::text
    else host(given::inet) end
$$;

create or replace function count_login_failure(
    for_kind text, for_subject text, free int, hard int, decay interval, longest interval
)
    returns timestamptz
    language plpgsql
    as $$
declare
    counted int;
    until timestamptz;
begin
    -- The insert waits for others that count the same: no failure is lost.
    insert into login_failures as f (tenant_id, kind, subject, failures, last_failed_at)
        values (current_tenant(), for_kind, for_subject, 1, clock_timestamp())
    on conflict (tenant_id, kind, subject) do update
        set last_failed_at = clock_timestamp(),
            failures = case
                when f.blocked_until = 'infinity' or f.last_failed_at > clock_timestamp() - decay then f.failures + 1
                else 1 end
    returning f.failures into counted;
    until := case
        when counted >= hard then 'infinity'::timestamptz
        when counted > free then clock_timestamp()
            + least(longest, interval '30 seconds' * 2 ^ least(counted - free - 1, 16))
    end;
    update login_failures set blocked_until = until
        where tenant_id = current_tenant() and kind = for_kind and subject = for_subject;
    return until;
end
$$;
