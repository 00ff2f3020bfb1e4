"""Glewlwyd, an identity server in C, as Debian packages it: its OpenID Connect plugin with ES256 on a Postgres of its own.

It has no limits, no cache and no Redis, and one process with a thread for each connection.
"""

import base64
import contextlib
import json
import pathlib
import secrets
import subprocess

from suite import spare_ports

from gateway.processes import Failure, Server, deploy, found, output_of

from ..asking import ask, status
from ..side import Call, Session, Side, User
from .duties import check
from .stores import Postgres, private_file, wait

PASSWORD = "correct horse 7 battery"
_CLIENT, _PLUGIN, _SCOPES = "benchmark", "oidc", "openid g_profile"
# As its plugin numbers grants, and as long as it makes refresh tokens.
_PASSWORD_GRANT, _TOKEN_LENGTH = 4, 128
_SCHEMA = [pathlib.Path("/usr/share/dbconfig-common/data/glewlwyd/install", name)
           for name in ("pgsql", "postgre.default.sql")]

# Its package asks how to set itself up: not at all. Its service is not started now, as deploy/lib.sh sees to, nor when the
# machine is started, unless it was here before us.
_INSTALL = """
was_here=$(command -v glewlwyd || true)
if [[ -z $was_here && $EUID -eq 0 ]] && command -v debconf-set-selections >/dev/null; then
    echo 'glewlwyd glewlwyd/config_type select No configuration' | debconf-set-selections
fi
install_packages benchmark-glewlwyd
if [[ -z $was_here ]]; then update-rc.d glewlwyd disable || true; fi
"""


class Glewlwyd(Side):
    """Answers of login and refresh are those of its token endpoint."""

    name = "glewlwyd"
    # Whether somebody has made sure that it does its duties.
    is_checked = False

    def __init__(self, folder: pathlib.Path):
        """The folder is empty and the side's own; everybody may pass through it, as Postgres' user has to."""
        self.folder = folder
        self.version = ""
        self._known: list[User] = []
        self._secret = secrets.token_urlsafe(32)
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            install(self.folder)
            self.version = "Glewlwyd " + output_of(
                ["dpkg-query", "--show", "--showformat=${Version}", "glewlwyd"]).split("-")[0]
            self.postgres = stack.enter_context(Postgres(self.folder))
            self.postgres.sql("create extension pgcrypto;\n" + "\n".join(path.read_text() for path in _SCHEMA))
            self.port = spare_ports(1)[0]
            self._configure()
            self.server = stack.enter_context(self.start(self.port))
            wait(self.server, "an answer", lambda: status(self.port, "/config") == 200)
            self._set_up()
            self.groups = {"glewlwyd": lambda: self.server.family(), "postgres": self.postgres.processes}
            if not self.is_checked:
                check(self)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def start(self, port):
        """Starts the server there, which is not ready yet. The end of it is the caller's business."""
        return Server("glewlwyd", [found("glewlwyd"), f"--config-file={self.folder}/glewlwyd.conf", f"--port={port}"],
                      self.folder)

    def _configure(self):
        word = self.postgres.password_file.read_text().split("app:")[1].strip()
        private_file(self.folder / "glewlwyd.conf", f"""port={self.port}
bind_address="127.0.0.1"
external_url="http://localhost:{self.port}/"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="ERROR"
cookie_domain="localhost"
cookie_secure=0
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
user_middleware_module_path="/usr/lib/glewlwyd/user_middleware"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database =
{{
  type = "postgre"
  conninfo = "host=127.0.0.1 port={self.postgres.port} dbname=app user=app password={word}"
}};
""")

    def _set_up(self):
        """What an administrator would do in its pages: a plugin, a scope, a client."""
        answer = ask(self.port, _json("POST", "/api/auth/", {"username": "admin", "password": "password"}))
        if answer.status != 200:
            raise Failure(f"Glewlwyd does not let its administrator in: {answer.status}, {answer.body[:200]!r}")
        self._cookie = answer.fields.get("Set-Cookie", "").partition(";")[0]
        key = output_of(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        public = subprocess.run(["openssl", "pkey", "-pubout"], input=key, capture_output=True, text=True, check=True)
        self._administer("/api/mod/plugin/", {
            "module": "oidc", "name": _PLUGIN, "display_name": "OpenID Connect", "parameters": {
                "iss": f"http://localhost:{self.port}", "jwt-type": "ecdsa", "jwt-key-size": "256", "key": key,
                "cert": public.stdout, "access-token-duration": 900, "refresh-token-duration": 1209600,
                "code-duration": 600, "refresh-token-rolling": True, "refresh-token-one-use": "always",
                "allow-non-oidc": True, "auth-type-code-enabled": True, "auth-type-password-enabled": True,
                "auth-type-client-enabled": True, "auth-type-refresh-enabled": True, "jwks-show": True,
                "introspection-revocation-allowed": True, "introspection-revocation-allow-target-client": True}})
        self._administer("/api/scope/", {
            "name": "api", "display_name": "API", "description": "For machines", "password_required": False,
            "password_max_age": 0, "scheme": {}})
        self._administer("/api/client/", {
            "client_id": _CLIENT, "name": "Benchmark", "enabled": True, "confidential": True,
            "client_secret": self._secret, "token_endpoint_auth_method": ["client_secret_basic"],
            "authorization_type": ["client_credentials", "password", "refresh_token"], "scope": ["api"]})

    def _administer(self, path, body):
        call = _json("POST", path, body)
        call.headers["Cookie"] = self._cookie
        answer = ask(self.port, call)
        if answer.status != 200:
            raise Failure(f"Glewlwyd answers {path} with {answer.status}: {answer.body[:300]!r}")

    def offers(self, what):
        return what in {"jwks", "login", "userinfo", "refresh", "client_credentials", "introspect"}

    def call(self, what, **values):
        match what:
            case "jwks":
                return Call("GET", f"/api/{_PLUGIN}/jwks")
            case "userinfo":
                return Call("GET", f"/api/{_PLUGIN}/userinfo", {"Authorization": f"Bearer {values['access']}"})
            case "login":
                return self._form("token", "grant_type=password&scope=" + _SCOPES.replace(" ", "+") +
                                  f"&username={values['user']}&password={values['password'].replace(' ', '+')}")
            case "refresh":
                return self._form("token", f"grant_type=refresh_token&refresh_token={values['refresh']}")
            case "client_credentials":
                return self._form("token", "grant_type=client_credentials&scope=api")
            case "introspect":
                return self._form("introspect", f"token={values['token']}")
        raise ValueError(f"Glewlwyd's side has no call '{what}'.")

    def _form(self, name, body):
        pair = base64.b64encode(f"{_CLIENT}:{self._secret}".encode()).decode()
        return Call("POST", f"/api/{_PLUGIN}/{name}", {
            "Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}, body)

    def users(self, count):
        while len(self._known) < count:
            name = f"u{secrets.token_hex(6)}"
            self._administer("/api/user/", {"username": name, "password": PASSWORD, "enabled": True,
                                            "scope": _SCOPES.split()})
            self._known.append(User(name, name, PASSWORD))
        return self._known[:count]

    def sessions(self, count):
        """By SQL, as its plugin stores them: of a token the SHA-512, and two scopes."""
        user, prefix = self.users(1)[0], secrets.token_hex(_TOKEN_LENGTH // 2 - 6)
        self.postgres.sql(f"""
            with made as (
                insert into gpo_refresh_token (
                    gpor_plugin_name, gpor_authorization_type, gpor_username, gpor_client_id, gpor_expires_at,
                    gpor_duration, gpor_rolling_expiration, gpor_token_hash, gpor_jti)
                select '{_PLUGIN}', {_PASSWORD_GRANT}, '{user.name}', '{_CLIENT}', now() + interval '14 days', 1209600, 1,
                    '{{SHA512}}' || translate(encode(
                        sha512(convert_to('{prefix}' || lpad(to_hex(n), 12, '0'), 'UTF8')), 'base64'), E'\n', ''),
                    md5(random()::text)
                from generate_series(0, {count - 1}) n returning gpor_id)
            insert into gpo_refresh_token_scope (gpor_id, gpors_scope)
            select gpor_id, scope from made, unnest(string_to_array('{_SCOPES}', ' ')) scope;
            analyze gpo_refresh_token, gpo_refresh_token_scope""")
        return [Session(user.id, None, f"{prefix}{each:012x}") for each in range(count)]


def install(folder):
    """Installs Debian's package where it is missing."""
    deploy("Tests/Benchmarks/compare.py", _INSTALL, folder / "installation",
           "Debian's package glewlwyd could not be installed.")


def _json(method, path, body):
    return Call(method, path, {"Content-Type": "application/json"}, json.dumps(body))
