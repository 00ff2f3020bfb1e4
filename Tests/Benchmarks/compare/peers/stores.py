"""A peer's own Postgres and Redis, set up as deploy/stores.sh sets up Gatehouse's: the same settings, the same disk."""

import glob
import os
import pathlib
import secrets
import shutil
import subprocess
import time

from suite import spare_ports

from gateway.processes import Failure, Server, found, has_ended, output_of


def _postgres_binaries():
    """The folder of the newest server."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    if folders:
        return pathlib.Path(folders[-1])
    return pathlib.Path(found("initdb")).parent


def private_file(path, text):
    """A file that nobody else can read at any time."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path


def wait(server, what, is_so, patience=30):
    """Waits until it is so, or tells why the server does not get there."""
    until = time.monotonic() + patience
    while not is_so():
        if has_ended(server.process) or time.monotonic() > until:
            raise server.failure(f"is not ready; waited for {what}")
        time.sleep(0.02)


class Store:
    """A server that is ended when it is left, or when it does not get ready."""

    server: Server

    def __enter__(self):
        self._start()
        try:
            self._prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.server.__exit__()

    def _start(self):
        raise NotImplementedError

    def _prepare(self):
        """Waits until it answers, and makes what its users need."""
        raise NotImplementedError

    def processes(self):
        return self.server.family()


class Postgres(Store):
    """A server with one database, `app`, that the role of the same name owns. A context manager."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "postgres"
        self.port = spare_ports(1)[0]
        self.password_file = pathlib.Path(folder) / "pgpass"
        self._binaries = _postgres_binaries()
        # It refuses to run as root.
        self._prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--inh-caps=-all", "--"] \
            if os.geteuid() == 0 else []

    def _start(self):
        self.folder.mkdir()
        self._passwords = {name: secrets.token_hex(24) for name in ("postgres", "app")}
        private_file(self.password_file, "".join(f"*:*:*:{name}:{word}\n" for name, word in self._passwords.items()))
        first = private_file(self.folder / "password", self._passwords["postgres"])
        if self._prefix:
            for path in (self.folder, first):
                shutil.chown(path, "postgres", "postgres")
        data = self.folder / "data"
        output_of([*self._prefix, self._binaries / "initdb", f"--pgdata={data}", "--username=postgres",
                   f"--pwfile={first}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
                   "--data-checksums", "--no-instructions"])
        first.unlink()
        self.server = Server("postgres", [
            *self._prefix, self._binaries / "postgres", "-D", data, "-p", str(self.port), "-k", self.folder,
            "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200",
            "-c", "password_encryption=scram-sha-256", "-c", "timezone=UTC", "-c", "log_timezone=UTC",
            "-c", "logging_collector=off", "-c", "log_destination=stderr"], self.folder)

    def _prepare(self):
        wait(self.server, "connections to be taken", self._answers)
        self.sql(f"create role app login password '{self._passwords['app']}'", "postgres", "postgres")
        self.sql("create database app owner app", "postgres", "postgres")

    def _answers(self):
        command = [self._binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def sql(self, statements, user="app", database="app"):
        """Runs SQL as a role; returns what came of it."""
        result = subprocess.run(
            [self._binaries / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
             str(self.port), "-U", user, "-d", database],
            env={**os.environ, "PGPASSFILE": str(self.password_file)}, input=statements, text=True,
            capture_output=True, check=False)
        if result.returncode:
            raise Failure(f"psql says: {result.stderr.strip()}")
        return result.stdout


class Redis(Store):
    """A server that keeps nothing. A context manager."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "redis"
        self.port = spare_ports(1)[0]
        self.password_file = self.folder / "password"

    def _start(self):
        self.folder.mkdir(mode=0o700)
        word = secrets.token_hex(24)
        private_file(self.password_file, word)
        configuration = private_file(self.folder / "redis.conf", f"""bind 127.0.0.1
port {self.port}
protected-mode yes
daemonize no
dir "{self.folder}"
logfile ""
requirepass {word}
appendonly no
save ""
maxmemory 256mb
maxmemory-policy noeviction
""")
        self.server = Server("redis", [found("redis-server"), configuration], self.folder)

    def _prepare(self):
        wait(self.server, "an answer", self._answers)

    def _answers(self):
        result = subprocess.run(
            [found("redis-cli"), "-h", "127.0.0.1", "-p", str(self.port), "ping"], capture_output=True, text=True,
            env={**os.environ, "REDISCLI_AUTH": self.password_file.read_text()}, check=False)
        return result.stdout.strip() == "PONG"
