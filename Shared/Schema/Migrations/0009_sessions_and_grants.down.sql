drop function role_names(uuid);
drop function keys_sealed_before(int), due_key_tenants(interval, interval);
create or replace view verification_keys as
    select tenant_id, kid, algorithm, state, public_key, created_at from signing_keys;
drop function settle_rotation(uuid, uuid, bigint, text, interval, text[]), raise_token_epoch(uuid, text),
    trim_sessions(uuid, int, uuid), end_sessions(uuid, uuid, text);
alter table roles drop constraint roles_name_not_superuser;
alter table clients drop column audiences;
