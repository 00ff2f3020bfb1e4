revoke select on gatehouse_schema_version from gatehouse_service, gatehouse_admin;
