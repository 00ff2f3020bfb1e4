"""Gatehouse's side: a suite of its own, every limit on and too wide to refuse, users and sessions made by SQL."""

import base64
import json
import pathlib
import secrets
import uuid

from gateway import ours
from gateway.peers import certificate
from suite import Door

from . import tokens
from .meter import family
from .side import Call, Session, Side, User

TENANT = uuid.UUID("00000000-0000-7000-8000-000000000001")
_PROCESSES = ("gateway", "identity", "token", "admin")
_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_CLIENT = "comparison"


def routes(echo: dict | None = None) -> dict:
    """The route table as it is delivered, and a limit on the echo route, a leased one unless told; every policy of
    the same kind as before, with as much as one can have."""
    table = ours.routes()
    for policy in table["policies"].values():
        policy["quota"] = 1_000_000 * min(policy["window_seconds"], 60)
    if echo:
        table["policies"]["benchmark"] = echo
    return table


# By the kind of the limit: the path that it is on. All are as wide, and narrow enough to be reached.
TIGHT = {"leased": "/api/v1/echo", "strict": "/.well-known/jwks.json"}
TIGHT_PER_SECOND, TIGHT_BURST = 600, 60


def tight_routes() -> dict:
    """The same with limits that refuse, of each kind one."""
    table = routes()
    for kind, path in TIGHT.items():
        table["policies"][f"tight_{kind}"] = {
            "quota": 60 * TIGHT_PER_SECOND, "window_seconds": 60, "burst": TIGHT_BURST, "kind": kind}
        for route in table["routes"]:
            if route["prefix"] == path:
                route["limits"] = [{"policy": f"tight_{kind}", "by": "address"}]
    return table


class Gatehouse(Side):
    hash_threads = ("identity", "TP-#")

    def __init__(self, scratch: pathlib.Path, name: str, table: dict, **settings: str | int):
        self.name = name
        self.files = certificate(scratch)
        self.suite = ours.suite(scratch, *self.files[:2], table=table, **settings)
        self.made: list[User] = []
        self.basic: str | None = None

    def __enter__(self) -> "Gatehouse":
        self.suite.__enter__()
        self.version = f"Gatehouse {ours.version(self.suite)}"
        self.port = self.suite.ports["GATEWAY"]
        self.tls_port = int(self.suite.environment["TLS_PORT"])
        self.groups = {name: lambda name=name: self._pids(name) for name in (*_PROCESSES, "postgres", "redis")}
        self.tokens = tokens.RefreshTokens(tokens.decode(self.suite.secret("master_key")), TENANT.bytes)
        return self

    def __exit__(self, *error: object) -> None:
        self.suite.__exit__(*error)

    def _pids(self, name: str) -> list[int]:
        """Of all instances: `token`, `token-2` and so on; Postgres with its backends."""
        files = [self.suite.folder / "state" / f"{name}.pid", *(self.suite.folder / "state").glob(f"{name}-[0-9]*.pid")]
        pids = [int(file.read_text().split()[0]) for file in files if file.exists()]
        return [each for pid in pids for each in family(pid)]

    # --- calls --------------------------------------------------------------------------------------------------------

    def offers(self, what: str) -> bool:
        return what != "userinfo"

    def call(self, what: str, **values: str) -> Call:
        match what:
            case "jwks":
                return Call("GET", "/.well-known/jwks.json")
            case "echo":
                return Call("GET", "/api/v1/echo")
            case "register" | "login":
                body = {"username": values["user"], "password": values["password"]}
                return Call("POST", f"/api/v1/auth/{what}", _JSON, json.dumps(body))
            case "me":
                return Call("GET", "/api/v1/auth/me", {"Authorization": f"Bearer {values['access']}"})
            case "refresh":
                return Call("POST", "/api/v1/auth/refresh", _JSON, json.dumps({"refresh_token": values["refresh"]}))
            case "revoke":
                return Call("POST", "/api/v1/auth/logout", {"Authorization": f"Bearer {values['access']}"}, "")
            case "client_credentials":
                return Call("POST", "/oauth2/token", _FORM | self._client(), "grant_type=client_credentials")
            case "introspect":
                return Call("POST", "/oauth2/introspect", _FORM | self._client(), f"token={values['token']}")
        raise ValueError(f"Gatehouse has no call '{what}'")

    def _client(self) -> dict[str, str]:
        """A confidential client that may also introspect the tokens of people."""
        if not self.basic:
            self.basic = self._register_client()
        return {"Authorization": f"Basic {self.basic}"}

    def _register_client(self) -> str:
        door = Door(self.port)
        status, answer = door.send("POST", "/api/v1/auth/login", {
            "username": "admin@example.com", "password": self.suite.secret("first_superuser_password")})
        assert status == 200, answer
        status, client = door.send(
            "POST", "/api/v1/admin/clients",
            {"client_id": _CLIENT, "name": "Comparison", "confidential": True, "grant_types": ["client_credentials"],
             "audiences": self._audiences(answer["access_token"])}, bearer=answer["access_token"])
        assert status == 201, client
        return base64.b64encode(f"{_CLIENT}:{client['client_secret']}".encode()).decode()

    @staticmethod
    def _audiences(access: str) -> list[str]:
        audience = json.loads(tokens.decode(access.split(".")[1])).get("aud", [])
        return [audience] if isinstance(audience, str) else audience

    # --- people -------------------------------------------------------------------------------------------------------

    def users(self, count: int) -> list[User]:
        if len(self.made) < count:
            self.made += self._make_users(count - len(self.made), _prefix())
        return self.made[:count]

    def people(self, count: int) -> tuple[str, str]:
        """New users for statements that are run without us: the SQL of a name and of an id by its number, 1 to `count`."""
        prefix = _prefix()
        self._make_users(count, prefix)
        return f"'c{prefix}x' || {{}}", _by_number(prefix)

    def _make_users(self, count: int, prefix: str) -> list[User]:
        """All with the hash of one who registered."""
        model, _, password = self.suite.register()
        self.suite.sql(f"""
            set session_replication_role = replica;
            set synchronous_commit = off;
            begin;
            create temporary table made as
                select {_id_sql(prefix)} as id, 'c{prefix}x' || n as name from generate_series(1, {count}) n;
            insert into users (tenant_id, id, username) select '{TENANT}', id, name from made;
            insert into credentials (tenant_id, user_id, id, kind, secret)
                select c.tenant_id, made.id, made.id, c.kind, c.secret
                from made, credentials c where c.user_id = '{model}';
            insert into user_roles (tenant_id, user_id, role_id)
                select r.tenant_id, made.id, r.role_id from made, user_roles r where r.user_id = '{model}';
            commit;
            analyze users, credentials, user_roles;""", "postgres")
        return [User(str(_id(prefix, number)), f"c{prefix}x{number}", password) for number in range(1, count + 1)]

    def identifiers(self, count: int) -> str:
        """New sessions for statements that are run without us: the SQL of an id by its number, 1 to `count`."""
        self.sessions(count)
        return _by_number(self.newest)

    def sessions(self, count: int) -> list[Session]:
        users = self.users(min(100_000, max(1, count // 10)))
        prefix = self.newest = _prefix()
        self.suite.sql("create temporary table people (number int primary key, id uuid not null);\n"
                       "copy people from stdin;\n"
                       + "".join(f"{number}\t{user.id}\n" for number, user in enumerate(users)) + "\\.\n"
                       + f"""
            set session_replication_role = replica;
            set synchronous_commit = off;
            insert into sessions (tenant_id, id, user_id, client_id, amr, idle_expires_at, expires_at)
                select '{TENANT}', {_id_sql(prefix)}, people.id, clients.id, '{{pwd}}', now() + interval '7 days',
                    now() + interval '30 days'
                from generate_series(1, {count}) n
                join people on people.number = n % {len(users)}
                join clients on clients.tenant_id = '{TENANT}' and clients.identifier = 'gatehouse';
            vacuum analyze sessions;""", "postgres")
        return [Session(users[number % len(users)].id, None, self.tokens.write(_id(prefix, number).bytes))
                for number in range(1, count + 1)]


def _prefix() -> str:
    """The first half of ids, a new one each time: like those of version 7 they rise in the order they are made."""
    return f"019aa6b1{secrets.token_hex(2)}7000"


def _id(prefix: str, number: int) -> uuid.UUID:
    return uuid.UUID(f"{prefix}8000{number:012x}")


def _id_sql(prefix: str) -> str:
    return f"('{prefix}8000' || lpad(to_hex(n), 12, '0'))::uuid"


def _by_number(prefix: str) -> str:
    """The same for a number to be filled in."""
    return _id_sql(prefix).replace("to_hex(n)", "to_hex(cast({} as bigint))")
