-- Users, their credentials, and what they may do.

create table users (
    tenant_id uuid not null references tenants (id) on delete cascade,
    id uuid not null,
    -- As given, and as compared. Uniqueness is on the key.
    email text,
    email_key text generated always as (identity_key(email)) stored,
    email_verified_at timestamptz,
    username text,
    username_key text generated always as (identity_key(username)) stored,
    display_name text,
    state text not null default 'active' check (state in ('active', 'disabled')),
    is_superuser boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, email_key),
    unique (tenant_id, username_key),
    check (email is not null or username is not null)
);
call isolate_by_tenant('users');

create table credentials (
    tenant_id uuid not null,
    user_id uuid not null,
    id uuid not null,
    kind text not null check (kind in ('password')),
    -- For a password: the hash in PHC string form.
    secret text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, user_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create unique index credentials_one_password on credentials (tenant_id, user_id) where kind = 'password';
call isolate_by_tenant('credentials');

create table permissions (
    name text primary key check (name ~ '^[a-z_]+:[a-z_]+$'),
    description text not null
);
grant select on permissions to gatehouse_service, gatehouse_admin;

insert into permissions (name, description) values
    ('users:read', 'See the users of the tenant'),
    ('users:write', 'Create, change, disable and delete users'),
    ('roles:read', 'See roles and who holds them'),
    ('roles:write', 'Create and change roles, grant and withdraw them'),
    ('clients:read', 'See the registered clients'),
    ('clients:write', 'Register, change and remove clients'),
    ('sessions:read', 'See the sessions of any user'),
    ('sessions:write', 'End the sessions of any user'),
    ('keys:read', 'See the signing keys (public part)'),
    ('keys:write', 'Rotate and retire signing keys'),
    ('organizations:read', 'See every organization'),
    ('organizations:write', 'Change every organization'),
    ('audit:read', 'Read the audit log'),
    ('tenant:write', 'Change the settings of the tenant');

create table roles (
    tenant_id uuid not null references tenants (id) on delete cascade,
    id uuid not null,
    name text not null check (name ~ '^[A-Za-z][A-Za-z0-9_-]{0,63}$'),
    description text not null default '',
    is_builtin boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
call isolate_by_tenant('roles');

create table role_permissions (
    tenant_id uuid not null,
    role_id uuid not null,
    permission text not null references permissions (name) on delete cascade,
    primary key (tenant_id, role_id, permission),
    foreign key (tenant_id, role_id) references roles (tenant_id, id) on delete cascade
);
call isolate_by_tenant('role_permissions');

create table user_roles (
    tenant_id uuid not null,
    user_id uuid not null,
    role_id uuid not null,
    granted_at timestamptz not null default now(),
    primary key (tenant_id, user_id, role_id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
    foreign key (tenant_id, role_id) references roles (tenant_id, id) on delete cascade
);
create index user_roles_role on user_roles (tenant_id, role_id);
call isolate_by_tenant('user_roles');
