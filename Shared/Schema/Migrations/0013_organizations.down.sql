drop function settle_rotation(uuid, uuid, bigint, text, interval, text[], boolean, uuid), organization_claims(uuid, uuid),
    raise_token_epochs(uuid[], text);
create or replace function remove_user(for_user uuid) returns void
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
            and locked_at is null
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
drop function has_other_owner(uuid, uuid);
alter table sessions drop column organization_id;
drop function post_mail(uuid, text, uuid, text, int, uuid);
alter table mail_outbox drop column subject_id;
delete from mail_outbox where kind = 'organization_invitation';
alter table mail_outbox drop constraint mail_outbox_kind_check;
alter table mail_outbox add constraint mail_outbox_kind_check check (kind in (
    'verify_email', 'reset_password', 'already_registered', 'password_changed', 'email_changed', 'account_deleted'));
drop table organization_invitations;
alter table organization_members drop column role_id;
drop table organization_roles;
