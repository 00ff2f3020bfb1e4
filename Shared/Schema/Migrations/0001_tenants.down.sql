-- The roles stay: they belong to the cluster, and another database may use them.
drop procedure isolate_by_tenant(regclass);
drop table tenant_hosts;
drop table tenants;
drop function identity_key(text);
drop function current_tenant();
revoke usage on schema public from gatehouse_service, gatehouse_admin;
