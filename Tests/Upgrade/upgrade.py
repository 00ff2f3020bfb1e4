#!/usr/bin/env python3
"""An upgrade as docs/operations.md tells it, from one version's executables to another's, with callers who go on meanwhile.

The old version makes the schema and some accounts. Then, while callers ask for `me` and refresh without a pause: the new
version's migrations run; the old processes, started anew, do all that a user does on the new schema; instance by
instance the new ones take over, first beside the old; the new ones do the same again. Nobody is signed out, no request of
the callers fails, and a new process on the old schema says that it is not ready.

Usage: Tests/Upgrade/upgrade.py OLD-SOURCE OLD-EXECUTABLES NEW-EXECUTABLES     (deploy/upgrade-test calls it)
"""

import http.client
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Benchmarks"))
from suite import ROOT, Door, Suite  # noqa: E402

SERVICES = ["admin", "identity", "token", "gateway"]
PROGRAMS = ["gatehouse", *(f"gatehouse-{name}" for name in [*SERVICES, "migrate"])]
PASSWORD = "correct horse 7 battery"


def expect(condition, sentence):
    if not condition:
        sys.exit(f"failed: {sentence}")


class Versions(Suite):
    """A suite whose executables are links, so that a process that is started again may be of another version; two
    instances of each."""

    def __init__(self, version, newer):
        super().__init__(2, 2, 2, 2, SHUTDOWN_DELAY="1s")
        self.programs = self.folder / "programs"
        self.programs.mkdir()
        self.environment["GATEHOUSE_BIN_DIR"] = str(self.programs)
        self.environment["ROUTES_FILE"] = str(self.programs / "routes.json")
        for program in PROGRAMS:
            # What the version did not have yet has no part in this.
            self.use(program, version if (version[1] / program).exists() else newer)

    def use(self, program, version):
        source, executables = version
        self.link(program, executables / program)
        # The gateway's table of routes comes with it.
        if program == "gatehouse-gateway":
            self.link("routes.json", source / "deploy/routes.json")

    def link(self, name, target):
        (self.programs / "new").symlink_to(target.resolve())
        os.replace(self.programs / "new", self.programs / name)

    def readiness(self, name):
        try:
            port = int((self.folder / "state" / f"{name}.port").read_text())
            return Door(port).send("GET", "/health/readiness")
        except OSError:
            return 0, {}

    def restart(self, name):
        self.deploy("service", "restart", name)
        for _ in range(600):
            if self.readiness(name)[0] == 200:
                return
            time.sleep(0.05)
        sys.exit(f"failed: {name} is not ready: {self.readiness(name)}")

    def migrate(self, version):
        url = f"postgresql://gatehouse_owner@127.0.0.1:{self.ports['POSTGRES']}/gatehouse"
        answer = subprocess.run(
            [version[1] / "gatehouse-migrate", "upgrade", "head"], check=True, text=True,
            stdout=subprocess.PIPE, env={**os.environ, "DATABASE_MIGRATE_URL": url,
                                         "DATABASE_MIGRATE_PASSWORD_FILE": str(self.folder / "secrets/owner_password")})
        return answer.stdout.strip().splitlines()


def walk(suite, name):
    """All that a user does, and a little of what an administrator does; the last tokens of the user's session."""
    door = Door(suite.ports["GATEWAY"])

    def step(wanted, method, path, body=None, bearer=None):
        status, answer = door.send(method, path, body, bearer)
        expect(status == wanted, f"{method} {path} as {name}: {status}, not {wanted}: {answer}")
        return answer

    account = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    step(201, "POST", "/api/v1/auth/register", account)
    login = {"username_or_email": name, "password": PASSWORD}
    first = step(200, "POST", "/api/v1/auth/login", login)
    step(200, "GET", "/api/v1/auth/me", bearer=first["access_token"])
    second = step(200, "POST", "/api/v1/auth/refresh", {"refresh_token": first["refresh_token"]})
    step(401, "POST", "/api/v1/auth/refresh", {"refresh_token": first["refresh_token"]})
    step(401, "POST", "/api/v1/auth/refresh", {"refresh_token": second["refresh_token"]})
    other = step(200, "POST", "/api/v1/auth/login", login)
    step(200, "GET", "/api/v1/users/me/sessions", bearer=other["access_token"])
    step(200, "PATCH", "/api/v1/users/me", {"display_name": name.title()}, other["access_token"])
    step(204, "POST", "/api/v1/auth/logout", {}, other["access_token"])
    step(401, "GET", "/api/v1/auth/me", bearer=other["access_token"])
    root = step(200, "POST", "/api/v1/auth/login", {
        "username_or_email": "admin@example.com", "password": suite.secret("first_superuser_password")})
    found = step(200, "GET", f"/api/v1/admin/users?search={name}", bearer=root["access_token"])
    expect(len(found["users"]) == 1, f"an administrator's search for {name} finds {found}")
    step(200, "GET", "/.well-known/jwks.json")
    kept = step(200, "POST", "/api/v1/auth/login", login)
    return kept


class Balancer(threading.Thread):
    """Asks the gateways for their readiness, as what stands before them has to, and knows who may be sent requests."""

    def __init__(self, suite):
        super().__init__(daemon=True)
        self.suite, self.ready = suite, []
        self.gateways = dict(zip(["gateway", "gateway-2"], suite.instance_ports("GATEWAY", 2)))

    def run(self):
        while True:
            self.ready = [port for name, port in self.gateways.items() if self.suite.readiness(name)[0] == 200]
            time.sleep(0.05)


class Caller(threading.Thread):
    """A user who asks for `me` and refreshes without a pause, at whichever gateway is ready."""

    def __init__(self, balancer, tokens):
        super().__init__(daemon=True)
        self.balancer, self.door, self.tokens = balancer, None, tokens
        self.is_over, self.asked, self.failures = threading.Event(), 0, []

    def send(self, *request):
        ready = self.balancer.ready
        if self.door is None or self.door.port not in ready:
            self.door = Door(ready[-1])
        return self.door.send(*request)

    def ask(self, *request):
        self.asked += 1
        try:
            status, answer = self.send(*request)
        except (OSError, http.client.HTTPException, IndexError) as error:
            status, answer = 0, repr(error)
        if status != 200:
            self.failures.append(f"{request[1]}: {status} {answer}")
        return answer if status == 200 else None

    def run(self):
        while not self.is_over.is_set() and len(self.failures) < 5:
            for _ in range(4):
                self.ask("GET", "/api/v1/auth/me", None, self.tokens["access_token"])
            body = {"refresh_token": self.tokens["refresh_token"]}
            self.tokens = self.ask("POST", "/api/v1/auth/refresh", body) or self.tokens
            time.sleep(0.01)

    def end(self):
        self.is_over.set()
        self.join()


def main():
    old_source, old, new = map(pathlib.Path, sys.argv[1:])
    old, new = (old_source, old), (ROOT, new)
    instances = [name + number for name in SERVICES for number in ("", "-2")]
    with Versions(old, new) as suite:
        early = walk(suite, "early")
        print("the old version on its own schema: all a user does")

        suite.use("gatehouse-admin", new)
        suite.deploy("service", "restart", "admin")
        deadline = time.monotonic() + 20
        while "schema" not in str(suite.readiness("admin")[1]) and time.monotonic() < deadline:
            time.sleep(0.05)
        status, report = suite.readiness("admin")
        print(f"the new admin process on the old schema: {status}, {report.get('checks', {}).get('schema')}")
        schema_changed = report.get("checks", {}).get("schema", {}).get("status") == "down"
        expect(status == 503 if schema_changed else status == 200, "a process that is ahead of its schema is ready")
        suite.use("gatehouse-admin", old)
        suite.restart("admin")

        balancer = Balancer(suite)
        balancer.start()
        callers = [Caller(balancer, walk(suite, f"caller{number}")) for number in range(6)]
        for caller in callers:
            caller.start()
        applied = suite.migrate(new)
        print(f"the new version's migrations, under load: {', '.join(applied)}")
        for name in instances:
            suite.restart(name)
        walk(suite, "between")
        print("the old version on the new schema: all a user does")

        for name in instances:
            suite.use(f"gatehouse-{name.removesuffix('-2')}", new)
            suite.restart(name)
            walk(suite, f"beside-{name}")
        print("the new version beside the old, one instance after the other: all a user does at each step")

        door = Door(suite.ports["GATEWAY"])
        status, answer = door.send("POST", "/api/v1/auth/refresh", {"refresh_token": early["refresh_token"]})
        expect(status == 200, f"a refresh token from before the upgrade: {status} {answer}")
        for caller in callers:
            caller.end()
        failures = [failure for caller in callers for failure in caller.failures]
        expect(not failures, "callers were failed: " + "; ".join(failures[:5]))
        print(f"callers meanwhile: {sum(caller.asked for caller in callers)} requests, none failed; nobody was signed out")


if __name__ == "__main__":
    main()
