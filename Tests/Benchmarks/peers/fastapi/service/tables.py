"""The tables as SQLAlchemy knows them, and every statement, made once: SQLAlchemy keeps what it compiled.

Each duty is one statement, so the connections commit by themselves: no way to Postgres and back for a BEGIN.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()

users = sa.Table(
    "users", metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("username", sa.Text),
    sa.Column("username_key", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("password_hash", sa.Text),
    sa.Column("roles", pg.ARRAY(sa.Text)),
    sa.Column("disabled_at", sa.DateTime(timezone=True)),
    sa.Column("created_at", sa.DateTime(timezone=True)),
)
sessions = sa.Table(
    "sessions", metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("user_id", sa.Uuid),
    sa.Column("generation", sa.BigInteger),
    sa.Column("scope", sa.Text),
    sa.Column("refreshed_at", sa.DateTime(timezone=True)),
    sa.Column("idle_expires_at", sa.DateTime(timezone=True)),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    sa.Column("revoked_at", sa.DateTime(timezone=True)),
    sa.Column("revoked_reason", sa.Text),
)
clients = sa.Table(
    "clients", metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("secret_hash", sa.LargeBinary),
    sa.Column("scope", sa.Text),
)

_session = sa.bindparam("session")

add_user = (
    pg.insert(users)
    .values({name: sa.bindparam(name) for name in ("id", "username", "username_key", "email", "password_hash")})
    .on_conflict_do_nothing(index_elements=["username_key"])
    .returning(users.c.roles, users.c.created_at))

user_by_name = sa.select(users.c.id, users.c.password_hash, users.c.roles, users.c.disabled_at).where(
    users.c.username_key == sa.bindparam("name"))

user_by_id = sa.select(users.c.id, users.c.username, users.c.email, users.c.roles, users.c.created_at).where(
    users.c.id == sa.bindparam("user"), users.c.disabled_at.is_(None))

update_hash = users.update().where(users.c.id == sa.bindparam("user")).values(password_hash=sa.bindparam("hash"))

open_session = sa.insert(sessions).values(
    id=_session, user_id=sa.bindparam("user"), generation=0, scope=sa.bindparam("scope"),
    idle_expires_at=sa.func.now() + sa.bindparam("idle", type_=sa.Interval),
    expires_at=sa.func.now() + sa.bindparam("lifetime", type_=sa.Interval))

# The current token: nobody else can pass this statement with it.
rotate = (
    sessions.update()
    .where(
        sessions.c.id == _session, sessions.c.generation == sa.bindparam("presented"),
        sessions.c.revoked_at.is_(None), sessions.c.expires_at > sa.func.now(),
        sessions.c.idle_expires_at > sa.func.now(), users.c.id == sessions.c.user_id, users.c.disabled_at.is_(None))
    .values(
        generation=sessions.c.generation + 1, refreshed_at=sa.func.now(),
        idle_expires_at=sa.func.least(
            sa.func.now() + sa.bindparam("idle", type_=sa.Interval), sessions.c.expires_at))
    .returning(sessions.c.user_id, sessions.c.scope, users.c.roles))

# A token that was used before: whoever has it, the session is over.
end_reused = (
    sessions.update()
    .where(sessions.c.id == _session, sessions.c.generation > sa.bindparam("presented"),
           sessions.c.revoked_at.is_(None))
    .values(revoked_at=sa.func.now(), revoked_reason="reuse")
    .returning(sessions.c.id))

end_session = (
    sessions.update()
    .where(sessions.c.id == _session, sessions.c.revoked_at.is_(None))
    .values(revoked_at=sa.func.now(), revoked_reason="logout")
    .returning(sessions.c.id))

client_by_id = sa.select(clients.c.secret_hash, clients.c.scope).where(clients.c.id == sa.bindparam("client"))
