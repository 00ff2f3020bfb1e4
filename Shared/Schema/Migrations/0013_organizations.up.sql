-- Organizations at work: roles of their own making, invitations by mail, and the one that a session's tokens speak of.

-- A role that an organization has made for itself, of permissions that Gatehouse knows and of the application's own.
create table organization_roles (
    tenant_id uuid not null,
    organization_id uuid not null,
    id uuid not null,
    name text not null check (name ~ '^[a-z][a-z0-9_-]{0,62}$' and name not in ('owner', 'admin', 'member')),
    description text not null default '',
    permissions text[] not null check (cardinality(permissions) <= 64),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, organization_id, id),
    unique (tenant_id, organization_id, name),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade
);
call isolate_by_tenant('organization_roles');

-- Whoever holds such a role is a member beside; a role that somebody holds can't be removed.
alter table organization_members add column role_id uuid;
alter table organization_members add constraint organization_members_custom_role
    check (role_id is null or role = 'member');
alter table organization_members add constraint organization_members_role_fkey
    foreign key (tenant_id, organization_id, role_id) references organization_roles (tenant_id, organization_id, id);
create index organization_members_role on organization_members (tenant_id, organization_id, role_id)
    where role_id is not null;

create table organization_invitations (
    tenant_id uuid not null,
    organization_id uuid not null,
    id uuid not null,
    email text not null,
    email_key text not null generated always as (identity_key(email)) stored,
    role text not null check (role in ('owner', 'admin', 'member')),
    role_id uuid,
    -- Good only while whoever gave it still may: it goes with them.
    invited_by uuid not null,
    -- SHA-256 of the token, made when the mail is sent; null until then.
    digest bytea check (length(digest) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (tenant_id, organization_id, id),
    unique (tenant_id, organization_id, email_key),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade,
    foreign key (tenant_id, organization_id, role_id)
        references organization_roles (tenant_id, organization_id, id),
    foreign key (tenant_id, invited_by) references users (tenant_id, id) on delete cascade,
    check (role_id is null or role = 'member')
);
create unique index organization_invitations_digest on organization_invitations (tenant_id, digest);
create index organization_invitations_inviter on organization_invitations (tenant_id, invited_by);
call isolate_by_tenant('organization_invitations');

-- What a mail is about, besides its reader: an invitation, for example.
alter table mail_outbox add column subject_id uuid;
-- Which kinds there are is for the sender to know, which gives up one that it does not.
alter table mail_outbox drop constraint mail_outbox_kind_check;
alter table mail_outbox add constraint mail_outbox_kind_check check (kind ~ '^[a-z_]{1,40}$');

-- As post_mail of migration 0008, for a mail about something.
create function post_mail(
    new_id uuid, for_kind text, for_user uuid, address text, at_most int, about uuid
) returns boolean
    language plpgsql
    as $$
begin
    if not post_mail(new_id, for_kind, for_user, address, at_most) then
        return false;
    end if;
    update mail_outbox set subject_id = about where tenant_id = current_tenant() and id = new_id;
    return true;
end
$$;

-- The organization that the session's access tokens speak of. Not a reference: whether the user belongs to it is read at
-- each refresh, and a rotation has one check less to make.
alter table sessions add column organization_id uuid;

-- Whether an organization has an owner beside this one who can sign in. Asked behind the organization's row lock, which
-- every change of its members takes first: of two owners who go at once, the second finds itself the last.
create function has_other_owner(of_organization uuid, than_user uuid) returns boolean
    language sql stable
    as $$
select exists (
    select from organization_members m
    join users u on u.tenant_id = m.tenant_id and u.id = m.user_id and u.state = 'active' and u.locked_at is null
    where m.tenant_id = current_tenant() and m.organization_id = of_organization and m.user_id <> than_user
        and m.role = 'owner')
$$;

-- As in migration 0011, but under the row locks of the organizations, and what the user alone belonged to goes along.
create or replace function remove_user(for_user uuid) returns void
    language plpgsql
    as $$
declare
    owned uuid[];
begin
    perform lock_user(for_user);
    perform pg_advisory_xact_lock(hashtextextended('gatehouse.remove_user/' || current_tenant(), 0));
    if exists (
        select from users where tenant_id = current_tenant() and id = for_user and is_superuser
    ) and not exists (
        select from users
        where tenant_id = current_tenant() and id <> for_user and is_superuser and state = 'active'
            and locked_at is null
    ) then
        raise exception 'the last superuser stays' using errcode = 'GH003';
    end if;
    -- Whoever makes or unmakes this user an owner waits for the user's row.
    select array_agg(organization_id order by organization_id) into owned from organization_members
        where tenant_id = current_tenant() and user_id = for_user and role = 'owner';
    perform from organizations where tenant_id = current_tenant() and id = any (owned) order by id for no key update;
    delete from organizations o
        where o.tenant_id = current_tenant() and o.id = any (owned) and not exists (
            select from organization_members m
            where m.tenant_id = o.tenant_id and m.organization_id = o.id and m.user_id <> for_user);
    if exists (
        select from organizations o
        where o.tenant_id = current_tenant() and o.id = any (owned) and not has_other_owner(o.id, for_user)
    ) then
        raise exception 'the last owner of an organization stays' using errcode = 'GH004';
    end if;
    delete from users where tenant_id = current_tenant() and id = for_user;
end
$$;

-- Cuts off every access token of several users; the events, one each.
create function raise_token_epochs(for_users uuid[], because text) returns setof bigint
    language sql
    as $$ select raise_token_epoch(each, because) from unnest(for_users) each order by each $$;

-- What tokens say of a user in an organization: the role, and behind it the permissions of one that the organization
-- made. Null for whoever does not belong to it.
create function organization_claims(of_organization uuid, for_user uuid) returns text[]
    language sql stable
    as $$
select array[coalesce(r.name, m.role)] || coalesce(r.permissions, '{}')
from organization_members m
left join organization_roles r
    on r.tenant_id = m.tenant_id and r.organization_id = m.organization_id and r.id = m.role_id
where m.tenant_id = current_tenant() and m.organization_id = of_organization and m.user_id = for_user
$$;

-- As settle_rotation of migration 0009, for a refresh that also chooses an organization, with one more outcome:
--   wrong_organization  the user does not belong to the one that was asked for; nothing was consumed
create function settle_rotation(
    for_tenant uuid, for_session uuid, presented bigint, for_client text, idle interval, wanted text[],
    chooses boolean, chosen uuid,
    out outcome text, out generation bigint, out event_id bigint
)
    language plpgsql
    as $$
begin
    select settled.outcome, settled.generation, settled.event_id
        into outcome, generation, event_id
        from settle_rotation(for_tenant, for_session, presented, for_client, idle, wanted) settled;
    if outcome in ('rotated', 'successor') and chooses then
        update sessions s set organization_id = chosen
            where s.tenant_id = for_tenant and s.id = for_session
                and (chosen is null or organization_claims(chosen, s.user_id) is not null);
        if not found then
            raise exception 'the user does not belong to this organization' using errcode = 'GH005';
        end if;
    end if;
exception when sqlstate 'GH005' then
    -- The block's changes are undone, the rotation with them.
    outcome := 'wrong_organization';
    generation := null;
    event_id := null;
end
$$;
