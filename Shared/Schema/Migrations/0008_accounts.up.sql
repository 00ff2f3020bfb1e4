-- What an account needs beside a user and a password: proof of its address, history, lockout, known devices, and mail.

-- Tokens that carry a lower epoch are refused: raised when what a user may do changes, read in the same statement as
-- their roles, so that no clock decides which tokens are old.
alter table users add column token_epoch bigint not null default 0;
-- Closed by an administrator, whatever the password, until one opens it.
alter table users add column locked_at timestamptz;

alter table credentials drop constraint credentials_kind_check;
alter table credentials add constraint credentials_kind_check check (kind in ('password', 'former_password'));
-- Counts the changes of a password, not the rehashes of one: a session is opened only for the version that was checked.
alter table credentials add column version bigint not null default 0;

-- A search by the first letters of a name, whatever the collation of the database.
create index users_email_search on users (tenant_id, email_key text_pattern_ops);
create index users_username_search on users (tenant_id, username_key text_pattern_ops);

-- What changes a user's credentials, tokens or sessions together takes this lock first: all of it goes one after
-- another, and in one order.
create function lock_user(for_user uuid) returns void
    language sql
    as $$ select from users where tenant_id = current_tenant() and id = for_user for no key update $$;

-- Proof that a mail arrived. One of each purpose per user: a newer one takes the older one's place.
create table one_time_tokens (
    tenant_id uuid not null,
    user_id uuid not null,
    purpose text not null check (purpose in ('verify_email', 'reset_password')),
    -- SHA-256 of the token, which itself is in the mail alone.
    digest bytea not null check (length(digest) = 32),
    -- The address it went to: void when the user's is another by now.
    email_key text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (tenant_id, user_id, purpose),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create unique index one_time_tokens_digest on one_time_tokens (tenant_id, digest);
create index one_time_tokens_expiry on one_time_tokens (expires_at);
call isolate_by_tenant('one_time_tokens');

-- Takes a token out of the world: of any number that try at once, one succeeds. SQLSTATE GH001 otherwise, which undoes
-- whatever else the transaction did.
create function consume_one_time_token(for_user uuid, for_purpose text, presented bytea) returns void
    language plpgsql
    as $$
begin
    perform lock_user(for_user);
    delete from one_time_tokens t using users u
        where t.tenant_id = current_tenant() and t.user_id = for_user and t.purpose = for_purpose
            and t.digest = presented and t.expires_at > now()
            and u.tenant_id = t.tenant_id and u.id = t.user_id and u.email_key = t.email_key
            and u.state = 'active';
    if not found then
        raise exception 'this one-time token is not good' using errcode = 'GH001';
    end if;
end
$$;

-- Puts a new password in the place of the one that was checked, and keeps the last `keep` former ones. SQLSTATE GH002
-- when the password is not that one any more. `expected` null: whatever it is, or none.
create function replace_password(for_user uuid, expected text, replacement text, keep int) returns void
    language plpgsql
    as $$
declare
    former text;
begin
    perform lock_user(for_user);
    select secret into former from credentials
        where tenant_id = current_tenant() and user_id = for_user and kind = 'password' for update;
    if expected is not null and former is distinct from expected then
        raise exception 'the password was changed meanwhile' using errcode = 'GH002';
    end if;
    if former is null then
        insert into credentials (tenant_id, user_id, id, kind, secret)
            values (current_tenant(), for_user, gen_random_uuid(), 'password', replacement);
    else
        update credentials set secret = replacement, version = version + 1, updated_at = now()
            where tenant_id = current_tenant() and user_id = for_user and kind = 'password';
        if keep > 0 then
            insert into credentials (tenant_id, user_id, id, kind, secret, created_at)
                values (current_tenant(), for_user, gen_random_uuid(), 'former_password', former, clock_timestamp());
        end if;
    end if;
    delete from credentials
        where tenant_id = current_tenant() and user_id = for_user and kind = 'former_password'
            and id not in (
                select id from credentials
                where tenant_id = current_tenant() and user_id = for_user and kind = 'former_password'
                order by created_at desc limit keep
            );
end
$$;

-- Devices that have signed in: guesses of strangers do not keep them out.
create table known_devices (
    tenant_id uuid not null,
    user_id uuid not null,
    digest bytea not null check (length(digest) = 32),
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    primary key (tenant_id, user_id, digest),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
call isolate_by_tenant('known_devices');

-- Remembers a device, or that it was used again; of more than twenty the one that was not used for longest is forgotten.
create function remember_device(for_user uuid, device bytea) returns void
    language plpgsql
    as $$
begin
    insert into known_devices (tenant_id, user_id, digest) values (current_tenant(), for_user, device)
        on conflict (tenant_id, user_id, digest) do update set last_used_at = clock_timestamp();
    delete from known_devices
        where tenant_id = current_tenant() and user_id = for_user and digest not in (
            select digest from known_devices where tenant_id = current_tenant() and user_id = for_user
            order by last_used_at desc limit 20
        );
end
$$;

-- Failed logins in a row: of an account, of an address, of a known device; and of proofs in a session.
create table login_failures (
    tenant_id uuid not null references tenants (id) on delete cascade,
    kind text not null check (kind in ('account', 'address', 'device', 'session')),
    subject text not null,
    failures int not null,
    last_failed_at timestamptz not null,
    -- No password is looked at before this; infinity after the last of the guesses an account allows.
    blocked_until timestamptz,
    primary key (tenant_id, kind, subject)
);
create index login_failures_age on login_failures (last_failed_at);
call isolate_by_tenant('login_failures');

-- Counts one more failure. After `free` of them the next has to wait 30 s, then twice as long each time, `longest` at
-- most; at `hard` the account opens only to a known device, a reset or an administrator. A count is forgotten after
-- `decay`.
create function count_login_failure(
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

-- The part of a client's address that failures are counted by: whole for IPv4, also where IPv6 carries it, and the /64
-- for IPv6, which is what one customer of a provider has.
create function address_prefix(given text) returns text
    language sql immutable strict parallel safe
    as $$
select case
    when given::inet << '::ffff:0:0/96' then regexp_replace(host(given::inet), '^::ffff:', '')
    when family(given::inet) = 6 then network(set_masklen(given::inet, 64))::text
    else host(given::inet) end
$$;

-- Deletes a user, unless nobody would be left: SQLSTATE GH003 for the last superuser, GH004 for the last owner of an
-- organization. One at a time, so that the last two do not go together.
create function remove_user(for_user uuid) returns void
    language plpgsql
    as $$
begin
    perform lock_user(for_user);
    perform pg_advisory_xact_lock(hashtextextended('gatehouse.remove_user/' || current_tenant(), 0));
    if exists (
        select from users where tenant_id = current_tenant() and id = for_user and is_superuser
    ) and not exists (
        select from users
        where tenant_id = current_tenant() and id <> for_user and is_superuser and state = 'active'
    ) then
        raise exception 'the last superuser stays' using errcode = 'GH003';
    end if;
    if exists (
        select from organization_members m
        where m.tenant_id = current_tenant() and m.user_id = for_user and m.role = 'owner' and not exists (
            select from organization_members other
            where other.tenant_id = m.tenant_id and other.organization_id = m.organization_id
                and other.user_id <> for_user and other.role = 'owner')
    ) then
        raise exception 'the last owner of an organization stays' using errcode = 'GH004';
    end if;
    delete from users where tenant_id = current_tenant() and id = for_user;
end
$$;

-- Mail on its way. A row says what is to be said to whom; the token that a mail carries is made when it is sent, so
-- that nothing here opens anything.
create table mail_outbox (
    tenant_id uuid not null references tenants (id) on delete cascade,
    id uuid not null,
    kind text not null check (kind in (
        'verify_email', 'reset_password', 'already_registered', 'password_changed', 'email_changed', 'account_deleted')),
    -- Not a reference: the notice of a deletion outlives the user.
    user_id uuid,
    recipient text not null,
    recipient_key text generated always as (identity_key(recipient)) stored,
    created_at timestamptz not null default now(),
    next_attempt_at timestamptz not null default now(),
    attempts int not null default 0,
    sent_at timestamptz,
    failed_at timestamptz,
    last_error text,
    primary key (tenant_id, id)
);
create index mail_outbox_due on mail_outbox (next_attempt_at) where sent_at is null and failed_at is null;
create index mail_outbox_recipient on mail_outbox (tenant_id, recipient_key, kind, created_at);
create index mail_outbox_age on mail_outbox (created_at);
call isolate_by_tenant('mail_outbox');

-- Puts a mail into the outbox unless the address has had `at_most` of its kind within the hour. One at a time for each
-- address, so that many at once do not slip through together.
create function post_mail(new_id uuid, for_kind text, for_user uuid, address text, at_most int) returns boolean
    language plpgsql
    as $$
begin
    perform pg_advisory_xact_lock(
        hashtextextended('gatehouse.mail/' || current_tenant() || '/' || identity_key(address), 0));
    if (
        select count(*) from mail_outbox
        where tenant_id = current_tenant() and recipient_key = identity_key(address) and kind = for_kind
            and created_at > now() - interval '1 hour'
    ) >= at_most then
        return false;
    end if;
    insert into mail_outbox (tenant_id, id, kind, user_id, recipient)
        values (current_tenant(), new_id, for_kind, for_user, address);
    return true;
end
$$;

-- Hands out mail that is due, of every tenant, for as long as `lease`: what is not settled by then is handed out again.
create function claim_mail(at_most int, lease interval)
    returns table (
        tenant_id uuid, id uuid, kind text, user_id uuid, recipient text, attempts int, created_at timestamptz)
    language sql security definer set search_path = public, pg_temp
    as $$
update mail_outbox m
    set attempts = m.attempts + 1, next_attempt_at = clock_timestamp() + lease
    from (
        select o.tenant_id, o.id from mail_outbox o
        where o.sent_at is null and o.failed_at is null and o.next_attempt_at <= clock_timestamp()
        order by o.next_attempt_at limit at_most for update skip locked
    ) due
    where m.tenant_id = due.tenant_id and m.id = due.id
    returning m.tenant_id, m.id, m.kind, m.user_id, m.recipient, m.attempts, m.created_at
$$;

-- Forgets what nobody needs any more: settled mail, tokens and sessions past their time, failures that have decayed. A
-- bounded number of each at a time; returns how many, so that the caller goes on while there is more.
create function tidy_accounts(at_most int default 2000) returns bigint
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
revoke execute on function claim_mail(int, interval), tidy_accounts(int) from public;
grant execute on function claim_mail(int, interval) to gatehouse_service;
grant execute on function tidy_accounts(int) to gatehouse_admin;
