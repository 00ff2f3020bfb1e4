-- The database and the roles of Gatehouse, before the first migration. For psql, connected as a superuser (or a role
-- that may create roles and databases); may be run again at any time, which sets the passwords anew.
--
-- Variables: owner_password, service_password, admin_password.
\set ON_ERROR_STOP on
\set QUIET on

-- A statement that fails is logged by the server, and these hold passwords.
set log_min_error_statement = panic;
set log_statement = 'none';

select format('create role %I', name) from unnest(array['gatehouse_owner', 'gatehouse_service', 'gatehouse_admin']) name
where not exists (select from pg_roles where rolname = name) \gexec

-- Owns the schema and runs the migrations; no process that answers requests connects as it.
alter role gatehouse_owner login nosuperuser nocreatedb nocreaterole nobypassrls password :'owner_password';
-- What the processes connect as: owns nothing and sees the tenant that a transaction names, and no other.
alter role gatehouse_service login nosuperuser nocreatedb nocreaterole nobypassrls password :'service_password';
-- What the admin process connects as for work across tenants; a policy lets it see all, it owns nothing either.
alter role gatehouse_admin login nosuperuser nocreatedb nocreaterole nobypassrls password :'admin_password';

-- The role that runs this may be no superuser: then it must be a member to give the database away.
select format('grant gatehouse_owner to %I', current_user)
where not pg_has_role(current_user, 'gatehouse_owner', 'member') \gexec
select 'create database gatehouse owner gatehouse_owner encoding ''UTF8'' template template0'
where not exists (select from pg_database where datname = 'gatehouse') \gexec
alter database gatehouse owner to gatehouse_owner;
revoke all on database gatehouse from public;
grant connect on database gatehouse to gatehouse_service, gatehouse_admin;

\connect gatehouse
alter schema public owner to gatehouse_owner;
revoke all on schema public from public;
