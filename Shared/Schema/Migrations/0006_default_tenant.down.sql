delete from tenants where id = '00000000-0000-7000-8000-000000000001';
drop function provision_tenant(uuid, text, text);
