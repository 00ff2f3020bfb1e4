-- Organizations inside a tenant, and who belongs to them.

create table organizations (
    tenant_id uuid not null references tenants (id) on delete cascade,
    id uuid not null,
    slug text not null check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name text not null check (name <> ''),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, slug)
);
call isolate_by_tenant('organizations');

create table organization_members (
    tenant_id uuid not null,
    organization_id uuid not null,
    user_id uuid not null,
    role text not null check (role in ('owner', 'admin', 'member')),
    joined_at timestamptz not null default now(),
    primary key (tenant_id, organization_id, user_id),
    foreign key (tenant_id, organization_id) references organizations (tenant_id, id) on delete cascade,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index organization_members_user on organization_members (tenant_id, user_id);
call isolate_by_tenant('organization_members');
