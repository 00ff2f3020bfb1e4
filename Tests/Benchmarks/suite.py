"""A Gatehouse of a benchmark's own: started by deploy/up on spare ports with data of its own, taken down at the end."""

import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import uuid

TICKS = os.sysconf("SC_CLK_TCK")
ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ["GATEWAY", "OPS", "IDENTITY", "TOKEN", "ADMIN", "POSTGRES", "REDIS"]
_handed_out = set()


def spare_ports(count, instances=1):
    """Ports that nobody has, below the range that the kernel gives out itself, different at each call; with the tenth port
    after each, the twentieth and so on free too, for further instances."""
    ports = []
    while len(ports) < count:
        port = random.randrange(20000, 32000)
        family = {port + 10 * number for number in range(instances)}
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for each in family:
                stack.enter_context(socket.socket()).bind(("127.0.0.1", each))
            if not family & _handed_out:
                _handed_out.update(family)
                ports.append(port)
    return ports


class Door:
    """One kept connection to a port."""

    def __init__(self, port):
        self.port = port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def send(self, method, path, body=None, bearer=None, headers=None):
        headers = dict(headers or {})
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text


class Meter:
    """CPU and memory of the processes at work."""

    def __init__(self, suite, *names):
        self.processes = {name: int((suite.folder / "state" / f"{name}.pid").read_text().split()[0])
                          for name in names}
        self.postmaster = int((suite.folder / "postgres/data/postmaster.pid").read_text().split()[0])

    @staticmethod
    def stat(process):
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        # Parent, own ticks, ticks of children that ended and were waited for.
        return int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])

    def cpu(self):
        used = {name: self.stat(process)[1] / TICKS for name, process in self.processes.items()}
        _, own, ended = self.stat(self.postmaster)
        ticks = own + ended
        for entry in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if entry.isdigit():
                    parent, mine, _ = self.stat(entry)
                    ticks += mine if parent == self.postmaster else 0
        return {**used, "postgres": ticks / TICKS}

    def forget_peaks(self):
        for process in self.processes.values():
            pathlib.Path(f"/proc/{process}/clear_refs").write_text("5")

    def peaks(self):
        peaks = {}
        for name, process in self.processes.items():
            lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
            peaks[name] = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
        return peaks


class Suite:
    def __init__(self, gateways=1, tokens=1, identities=1, admins=1, **settings):
        self.gateways, self.tokens = gateways, tokens
        counts = {"gateway": gateways, "token": tokens, "identity": identities, "admin": admins}
        self.instances = [word for name, count in counts.items() for word in (f"--{name}", str(count))]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-benchmark-"))
        self.ports = dict(zip(NAMES, spare_ports(len(NAMES), max(counts.values()))))
        self.environment = {
            **os.environ, "GATEHOUSE_RUN_DIR": str(self.folder), "GATEHOUSE_ENV": "development",
            "LOG_LEVEL": "warning", "LOGIN_FAILURES_PER_ADDRESS": "1000000", "RATE_LIMITS": "off",
            "PUBLIC_URL": f"http://localhost:{self.ports['GATEWAY']}",
            **{f"PORT_{name}": str(port) for name, port in self.ports.items()}, **settings,
        }

    def instance_ports(self, name, count):
        """The ports of a service's instances: each has the tenth port after the one before it."""
        return [self.ports[name] + 10 * number for number in range(count)]

    def deploy(self, command, *arguments):
        # A session of its own: Ctrl-C is for us, who have it undo what it began.
        process = subprocess.Popen([ROOT / "deploy" / command, *arguments], env=self.environment,
                                   stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if status:
            raise subprocess.CalledProcessError(status, f"deploy/{command}")

    def __enter__(self):
        try:
            self.deploy("up", "-d", *self.instances)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.deploy("down", "--purge", "--yes")
        shutil.rmtree(self.folder, ignore_errors=True)

    def secret(self, name):
        return (self.folder / "secrets" / name).read_text().strip()

    def binary(self, name):
        folder = self.environment.get("GATEHOUSE_BIN_DIR")
        return (pathlib.Path(folder) if folder else ROOT / ".build" / "release") / name

    def sql(self, statements, user="gatehouse_owner", options=""):
        """Runs SQL as a role; returns what came of it. `options` are settings as psql takes them, -c NAME=VALUE."""
        return subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
             str(self.ports["POSTGRES"]), "-U", user, "-d", "gatehouse"],
            env={**os.environ, "PGPASSFILE": str(self.folder / "secrets/pgpass"), "PGOPTIONS": options},
            input=statements, check=True, capture_output=True, text=True).stdout

    def register(self):
        """Registers somebody new; returns the user's id, name and password."""
        name, password = f"b{uuid.uuid4().hex[:12]}", "correct horse 7 battery"
        status, user = Door(self.ports["GATEWAY"]).send(
            "POST", "/api/v1/auth/register", {"username": name, "password": password})
        assert status == 201, (status, user)
        return user["id"], name, password

    def open_session(self, door, user):
        """Opens a session as identity does, without the cost of a password. `door` leads to token."""
        status, tokens = door.send(
            "POST", "/internal/sessions", {"user": user, "client": "gatehouse", "amr": ["pwd"]},
            headers={"X-Gatehouse-Key": self.secret("internal_key")})
        assert status == 200, (status, tokens)
        return tokens

    @contextlib.contextmanager
    def second_gateway(self):
        """A gateway beside the first one, on a port of its own."""
        port, ops = spare_ports(2)
        secrets = self.folder / "secrets"
        environment = {
            "PATH": os.environ["PATH"], "GATEHOUSE_ENV": "development", "LOG_LEVEL": "warning",
            "RATE_LIMITS": "off", "PUBLIC_URL": self.environment["PUBLIC_URL"], "PORT": str(port), "OPS_PORT": str(ops),
            "DATABASE_URL": f"postgresql://gatehouse_service@127.0.0.1:{self.ports['POSTGRES']}/gatehouse",
            "DATABASE_PASSWORD_FILE": str(secrets / "service_password"),
            "REDIS_URL": f"redis://127.0.0.1:{self.ports['REDIS']}",
            "REDIS_PASSWORD_FILE": str(secrets / "redis_password"),
            "INTERNAL_KEY_FILE": str(secrets / "internal_key"), "ROUTES_FILE": str(ROOT / "deploy" / "routes.json"),
            "IDENTITY_UPSTREAMS": f"127.0.0.1:{self.ports['IDENTITY']}",
            "TOKEN_UPSTREAMS": f"127.0.0.1:{self.ports['TOKEN']}", "ADMIN_UPSTREAMS": f"127.0.0.1:{self.ports['ADMIN']}",
        }
        process = subprocess.Popen(
            [self.binary("gatehouse-gateway")], env=environment, cwd=self.folder, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            while True:
                with contextlib.suppress(OSError):
                    if Door(port).send("GET", "/health/readiness")[0] == 200:
                        break
            yield port
        finally:
            process.terminate()
            process.wait(timeout=40)


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
