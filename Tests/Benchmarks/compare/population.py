"""A Gatehouse with very many users, made as fast as Postgres takes them; and what to ask of it."""

import random

from .gatehouse import TENANT, Gatehouse, _id, _id_sql, _prefix
from .side import Call, Session, Side, User

# Indexes that can be made afterwards are: those that are there for a key stay, since foreign keys name it.
_WITHOUT_INDEXES = """
    create temporary table put_back (position int generated always as identity, statement text);
    insert into put_back (statement)
        select format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        from pg_constraint where contype = 'u' and conrelid = any ('{users,credentials,sessions,user_roles}'::regclass[]);
    insert into put_back (statement)
        select pg_get_indexdef(indexrelid) from pg_index i
        where indrelid = any ('{users,credentials,sessions,user_roles}'::regclass[])
            and not exists (select from pg_constraint c where c.conindid = i.indexrelid);
    do $$ declare each text; begin
        for each in select format('alter table %s drop constraint %I', conrelid::regclass, conname) from pg_constraint
            where contype = 'u' and conrelid = any ('{users,credentials,sessions,user_roles}'::regclass[])
        loop execute each; end loop;
        for each in select format('drop index %s', indexrelid::regclass) from pg_index i
            where indrelid = any ('{users,credentials,sessions,user_roles}'::regclass[])
                and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
        loop execute each; end loop;
    end $$;
"""
_WITH_INDEXES = """
    do $$ declare each text; begin
        for each in select statement from put_back order by position loop execute each; end loop;
    end $$;
"""


class Population(Side):
    """Gatehouse with so many users, of whom each has one session. A wrapper: it neither starts nor ends the side."""

    def __init__(self, side: Gatehouse, count: int):
        self.inner, self.count = side, count
        self.name, self.version, self.port, self.groups = side.name, side.version, side.port, side.groups
        model, _, self.password = side.suite.register()
        self.prefix = _prefix()
        side.suite.sql(self.statements(model), "postgres", "-c maintenance_work_mem=512MB -c synchronous_commit=off "
                       "-c session_replication_role=replica -c statement_timeout=0")
        # Whom to ask about next, without repetition: from all over the tables.
        self.unasked = random.Random(count).sample(range(1, count + 1), min(count, 1_000_000))

    def statements(self, model: str) -> str:
        return f"""
            begin;
            {_WITHOUT_INDEXES}
            insert into users (tenant_id, id, username, email, email_verified_at, display_name)
                select '{TENANT}', {_id_sql(self.prefix)}, 'p' || n, 'p' || n || '@example.com', now(), 'Person ' || n
                from generate_series(1, {self.count}) n;
            insert into credentials (tenant_id, user_id, id, kind, secret)
                select c.tenant_id, {_id_sql(self.prefix)}, {_id_sql(self.prefix)}, c.kind, c.secret
                from generate_series(1, {self.count}) n, credentials c where c.user_id = '{model}';
            insert into user_roles (tenant_id, user_id, role_id)
                select r.tenant_id, {_id_sql(self.prefix)}, r.role_id
                from generate_series(1, {self.count}) n, user_roles r where r.user_id = '{model}';
            insert into sessions (tenant_id, id, user_id, client_id, amr, idle_expires_at, expires_at)
                select '{TENANT}', {_id_sql(self.prefix)}, {_id_sql(self.prefix)}, clients.id, '{{pwd}}',
                    now() + interval '7 days', now() + interval '30 days'
                from generate_series(1, {self.count}) n, clients
                where clients.tenant_id = '{TENANT}' and clients.identifier = 'gatehouse';
            {_WITH_INDEXES}
            commit;
            vacuum analyze users, credentials, user_roles, sessions;
            checkpoint;"""

    def offers(self, what: str) -> bool:
        return self.inner.offers(what)

    def call(self, what: str, **values: str) -> Call:
        return self.inner.call(what, **values)

    def users(self, count: int) -> list[User]:
        """From all over the tables."""
        numbers = random.Random(7).sample(range(1, self.count + 1), count)
        return [User(str(_id(self.prefix, number)), f"p{number}", self.password) for number in numbers]

    def sessions(self, count: int) -> list[Session]:
        """Of users from all over the tables, each session once; new ones when all have been asked about."""
        if len(self.unasked) < count:
            return self.inner.sessions(count)
        numbers, self.unasked = self.unasked[:count], self.unasked[count:]
        return [Session(str(_id(self.prefix, number)), None, self.inner.tokens.write(_id(self.prefix, number).bytes))
                for number in numbers]
