-- What the token process owns: clients, signing keys, and sessions, which are also the refresh-token families.

create table clients (
    tenant_id uuid not null references tenants (id) on delete cascade,
    id uuid not null,
    -- The OAuth `client_id`.
    identifier text not null check (identifier ~ '^[A-Za-z0-9_-]{1,64}$'),
    name text not null check (name <> ''),
    kind text not null check (kind in ('public', 'confidential')),
    secret_hash bytea,
    is_first_party boolean not null default false,
    state text not null default 'active' check (state in ('active', 'disabled')),
    grant_types text[] not null default '{refresh_token}',
    scopes text[] not null default '{}',
    origins text[] not null default '{}',
    -- How long the immediate predecessor of a refresh token may still be presented; 0 is strict.
    refresh_reuse_interval_seconds int not null default 0 check (refresh_reuse_interval_seconds between 0 and 60),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, identifier),
    check (kind = 'public' or secret_hash is not null)
);
call isolate_by_tenant('clients');

create table signing_keys (
    tenant_id uuid not null references tenants (id) on delete cascade,
    -- RFC 7638 thumbprint of the public key.
    kid text not null,
    algorithm text not null check (algorithm in ('ES256', 'EdDSA', 'RS256')),
    state text not null check (state in ('next', 'active', 'retired')),
    public_key bytea not null,
    -- AES-256-GCM under the master key, bound to tenant and kid.
    sealed_private_key bytea not null,
    created_at timestamptz not null default now(),
    activated_at timestamptz,
    retired_at timestamptz,
    primary key (tenant_id, kid)
);
create unique index signing_keys_one_active on signing_keys (tenant_id) where state = 'active';
create unique index signing_keys_one_next on signing_keys (tenant_id) where state = 'next';
call isolate_by_tenant('signing_keys');

-- The half every process may see, of every tenant: the view runs with its owner's rights.
create view verification_keys as
    select tenant_id, kid, algorithm, state, public_key, created_at from signing_keys;
grant select on verification_keys to gatehouse_service, gatehouse_admin;

create table sessions (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid not null,
    client_id uuid not null,
    -- The generation of the one refresh token that is current. Its predecessor's successor is unused by construction:
    -- using it would have raised this.
    generation bigint not null default 0,
    scope text not null default '',
    amr text[] not null default '{}',
    acr text,
    device_name text,
    user_agent text,
    browser text,
    os text,
    ip inet,
    authenticated_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    refreshed_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    idle_expires_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoked_reason text,
    primary key (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
    foreign key (tenant_id, client_id) references clients (tenant_id, id) on delete cascade,
    check ((revoked_at is null) = (revoked_reason is null))
) with (fillfactor = 70);
-- A rotation changes no indexed column, so it is a HOT update: keep `generation`, `refreshed_at`, `last_seen_at` and
-- `idle_expires_at` out of every index.
create index sessions_user on sessions (tenant_id, user_id);
create index sessions_client on sessions (tenant_id, client_id);
create index sessions_expiry on sessions (expires_at);
call isolate_by_tenant('sessions');
