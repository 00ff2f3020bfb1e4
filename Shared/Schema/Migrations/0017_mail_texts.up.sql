-- What a tenant's mails say, where it is not what they say of themselves. Which kinds there are is for the code to know.
create table mail_texts (
    tenant_id uuid not null references tenants (id) on delete cascade,
    kind text not null check (kind ~ '^[a-z_]{1,40}$'),
    subject text not null,
    body text not null,
    updated_at timestamptz not null default now(),
    primary key (tenant_id, kind)
);
call isolate_by_tenant('mail_texts');
