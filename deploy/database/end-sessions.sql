-- Everybody has to log in again: after a restore from a backup that is older than revocations that have to hold, or when
-- the database was in strangers' hands. For psql, as the owner of the database, while the processes are stopped.
\set ON_ERROR_STOP on
begin;
-- The owner of a table is held to its policies only where that is forced.
update sessions set revoked_at = now(), revoked_reason = 'restored' where revoked_at is null;
-- What they signed is refused from now on; the token processes make new ones as they are needed.
delete from signing_keys;
-- Links that were mailed, and devices that a lockout lets pass.
delete from one_time_tokens;
delete from organization_invitations;
delete from known_devices;
insert into audit_log (tenant_id, id, actor_kind, action, target_kind, target_id)
select id, gen_random_uuid(), 'system', 'sessions.ended', 'tenant', id::text from tenants;
commit;
