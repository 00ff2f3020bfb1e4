-- A rotation changes no indexed column, so there is room on the page for the new version of the row (HOT).

create table users (
    id uuid primary key,
    username text not null,
    username_key text not null unique,
    email text,
    password_hash text not null,
    roles text[] not null default '{USER}',
    disabled_at timestamptz,
    created_at timestamptz not null default now()
);

create table sessions (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    generation bigint not null default 0,
    scope text not null default '',
    created_at timestamptz not null default now(),
    refreshed_at timestamptz not null default now(),
    idle_expires_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoked_reason text
) with (fillfactor = 70);
create index sessions_user on sessions (user_id);
create index sessions_expiry on sessions (expires_at);

create table clients (
    id text primary key,
    secret_hash bytea not null,
    scope text not null default ''
);
