-- Each process tells in its readiness whether the schema is as far as it needs.
grant select on gatehouse_schema_version to gatehouse_service, gatehouse_admin;
