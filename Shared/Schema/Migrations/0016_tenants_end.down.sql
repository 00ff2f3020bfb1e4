drop function delete_tenants(int);
alter table clients
    drop column former_secret_hash, drop column former_secret_expires_at, drop column access_token_lifetime_seconds,
    drop column session_idle_lifetime_seconds, drop column session_lifetime_seconds;
-- The version before knows no such state; a tenant in it stays out of use.
update tenants set state = 'suspended', delete_after = null where state = 'deleting';
drop index tenants_deletion;
alter table tenants drop constraint tenants_deletion;
alter table tenants drop column delete_after;
alter table tenants drop constraint tenants_state_check;
alter table tenants add constraint tenants_state_check check (state in ('active', 'suspended'));
