"""FastAPI with SQLAlchemy, asyncpg and Redis, two workers of uvicorn: the service of peers/fastapi in the folder above."""

import base64
import contextlib
import hashlib
import hmac
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import secrets
import sys
import uuid

from suite import ROOT, spare_ports

from gateway.processes import Failure, Server, output_of

from ..asking import ask, status
from ..side import Call, Session, Side, User
from .duties import check
from .stores import Postgres, Redis, private_file, wait

APPLICATION = ROOT / "Tests" / "Benchmarks" / "peers" / "fastapi"
PASSWORD = "correct horse 7 battery"
# A limit that counts each request and never refuses one.
NEVER = 1_000_000_000
_CLIENT = "benchmark"
_MODULES = ("fastapi", "uvicorn", "uvloop", "httptools", "sqlalchemy", "asyncpg", "redis", "hiredis", "argon2", "jwt",
            "cryptography", "orjson", "python_multipart")


class FastAPI(Side):
    """Our own service in that stack, with stores of its own."""

    name = "fastapi"
    workers = 2
    # Whether somebody has made sure that it does its duties.
    is_checked = False

    def __init__(self, folder: pathlib.Path):
        """The folder is empty and the side's own; everybody may pass through it, as Postgres' user has to."""
        self.folder = folder
        self.version = ""
        self._known: list[User] = []
        self._secret = secrets.token_urlsafe(32)
        self._refresh_key = secrets.token_bytes(32)
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        missing = [name for name in _MODULES if importlib.util.find_spec(name) is None]
        if missing:
            raise Failure(f"Python has no {', '.join(missing)}: Tests/Benchmarks/requirements.txt names them.")
        self.version = f"FastAPI {importlib.metadata.version('fastapi')}, uvicorn {importlib.metadata.version('uvicorn')}"
        with contextlib.ExitStack() as stack:
            self.postgres = stack.enter_context(Postgres(self.folder))
            self.redis = stack.enter_context(Redis(self.folder))
            self.postgres.sql((APPLICATION / "service" / "schema.sql").read_text())
            digest = hashlib.sha256(self._secret.encode()).hexdigest()
            self.postgres.sql(f"insert into clients values ('{_CLIENT}', '\\x{digest}', 'read write')")
            private_file(self.folder / "signing_key", output_of(
                ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]))
            key = private_file(self.folder / "refresh_key", "")
            key.write_bytes(self._refresh_key)
            self.port = spare_ports(1)[0]
            self.server = stack.enter_context(self.start(self.port))
            wait(self.server, "both workers", lambda: status(self.port, "/health") == 204)
            self.groups = {"uvicorn": lambda: self.server.family(), "postgres": self.postgres.processes,
                           "redis": self.redis.processes}
            if not self.is_checked:
                check(self)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def start(self, port):
        """Starts uvicorn there, which is not ready yet. The end of the returned server is the caller's business."""
        environment = {
            **os.environ, "DATABASE_URL": f"postgresql+asyncpg://app@127.0.0.1:{self.postgres.port}/app",
            "PGPASSFILE": str(self.postgres.password_file), "REDIS_URL": f"redis://127.0.0.1:{self.redis.port}",
            "REDIS_PASSWORD_FILE": str(self.redis.password_file),
            "SIGNING_KEY_FILE": str(self.folder / "signing_key"), "REFRESH_KEY_FILE": str(self.folder / "refresh_key"),
            "ISSUER": f"http://localhost:{self.port}", "CORS_ORIGINS": "https://app.example",
            "RATE_LIMIT": str(NEVER), "PYTHONDONTWRITEBYTECODE": "1",
        }
        return Server("uvicorn", [
            sys.executable, "-m", "uvicorn", "service.main:app", "--app-dir", APPLICATION, "--host", "127.0.0.1",
            "--port", str(port), "--workers", str(self.workers), "--loop", "uvloop", "--http", "httptools",
            "--ws", "none", "--no-access-log", "--no-proxy-headers", "--no-server-header", "--log-level", "warning",
            "--backlog", "4096", "--timeout-keep-alive", "75"], self.folder, environment)

    def offers(self, what):
        return what in {"jwks", "register", "login", "me", "refresh", "client_credentials", "introspect", "revoke"}

    def call(self, what, **values):
        match what:
            case "jwks":
                return Call("GET", "/.well-known/jwks.json")
            case "register" | "login":
                return _json(f"/auth/{what}", username=values["user"], password=values["password"])
            case "refresh" | "revoke":
                return _json(f"/auth/{what}", refresh_token=values["refresh"])
            case "me":
                return Call("GET", "/auth/me", {"Authorization": f"Bearer {values['access']}"})
            case "client_credentials":
                return self._form("/oauth2/token", "grant_type=client_credentials")
            case "introspect":
                return self._form("/oauth2/introspect", f"token={values['token']}")
        raise ValueError(f"FastAPI's side has no call '{what}'.")

    def _form(self, path, body):
        pair = base64.b64encode(f"{_CLIENT}:{self._secret}".encode()).decode()
        return Call("POST", path, {"Authorization": f"Basic {pair}",
                                   "Content-Type": "application/x-www-form-urlencoded"}, body)

    def users(self, count):
        if len(self._known) < count:
            # One is registered as anybody is; the others share the hash.
            if not self._known:
                name = f"u{secrets.token_hex(6)}"
                answer = ask(self.port, self.call("register", user=name, password=PASSWORD))
                if answer.status != 201:
                    raise Failure(f"FastAPI registers nobody: {answer.status}, {answer.body[:200]!r}")
                self._known.append(User(json.loads(answer.body)["id"], name, PASSWORD))
            begin, prefix = len(self._known), secrets.token_hex(4)
            self.fill(prefix, begin, count)
            self._known += [User(str(_number(prefix, each)), f"u{prefix}{each}", PASSWORD)
                            for each in range(begin, count)]
        return self._known[:count]

    def fill(self, prefix, begin, end):
        """Users by bulk SQL with the hash that the first user has."""
        self.postgres.sql(f"""
            insert into users (id, username, username_key, email, password_hash)
            select ('{prefix}00000000' || lpad(to_hex(n), 16, '0'))::uuid, name, name, name || '@example.com', hash
            from (select n, 'u{prefix}' || n as name, hash from generate_series({begin}, {end - 1}) n,
                (select password_hash as hash from users where username = '{self._known[0].name}') one) named;
            analyze users""")

    def sessions(self, count):
        user, prefix = self.users(1)[0], secrets.token_hex(4)
        self.postgres.sql(f"""
            insert into sessions (id, user_id, scope, idle_expires_at, expires_at)
            select ('{prefix}00000000' || lpad(to_hex(n), 16, '0'))::uuid, '{user.id}', 'profile',
                now() + interval '14 days', now() + interval '90 days' from generate_series(0, {count - 1}) n;
            analyze sessions""")
        return [Session(user.id, None, self._refresh(_number(prefix, each), 0)) for each in range(count)]

    def _refresh(self, session, generation):
        told = session.bytes + generation.to_bytes(8, "big")
        return base64.urlsafe_b64encode(told + hmac.digest(self._refresh_key, told, "sha256")).rstrip(b"=").decode()


def _json(path, **body):
    return Call("POST", path, {"Content-Type": "application/json"}, json.dumps(body))


def _number(prefix, number):
    """The id of a row that was made in bulk."""
    return uuid.UUID(f"{prefix}00000000{number:016x}")
