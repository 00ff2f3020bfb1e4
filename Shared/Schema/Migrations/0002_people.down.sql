drop table user_roles;
drop table role_permissions;
drop table roles;
drop table permissions;
drop table credentials;
drop table users;
