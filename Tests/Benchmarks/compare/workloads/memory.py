"""Memory at rest, and with very many connections that keep still."""

import contextlib
import json
import os
import pathlib
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from gateway import door, peers
from gateway.processes import Failure, Server, resident_bytes
from suite import spare_ports

from .. import wrk
from ..fresh import fresh
from ..meter import GroupMeter
from ..sample import Sample
from ..side import Call
from ..workload import Bench, Contestant, Simple, Workload

_IDLE = pathlib.Path(__file__).parent.parent / "idle.py"
_PLAIN, _TLS = 10_000, 2000
_SETTLE, _REST = 2.0, 12.0
_MIB = 1 << 20
_STORES = ("postgres", "redis")


class Memory(Workload):
    name = "memory"
    title = "Memory at rest"
    text = (f"Each started for this alone, with stores of its own, and looked at {_REST:.0f} seconds later: what a start needs for "
            "a moment, as to hash the first administrator's password, is given back by then.")
    columns = {"largest process MiB": "{:.1f}", "without stores MiB": "{:.0f}"}
    without = ("cpu", "latency", "rate")
    names = ("gatehouse", "fastapi", "glewlwyd")

    def contestants(self, bench: Bench) -> list[Contestant]:
        def contestant(name: str, version: str) -> Contestant:
            return Simple(name, version, lambda seconds: at_rest(bench, name))

        return [contestant(side.name, side.version) for side in bench.sides(*self.names)]


def at_rest(bench: Bench, name: str) -> Sample:
    with fresh(bench, name) as side:
        time.sleep(_REST)
        sizes = GroupMeter(side.groups).memory()
        own = [pid for group, pids in side.groups.items() if group not in _STORES for pid in pids()]
        return Sample(1, _REST, {}, memory=sizes, more={
            "largest process MiB": max(resident_bytes([pid]) for pid in own) / _MIB,
            "without stores MiB": sum(size for group, size in sizes.items() if group not in _STORES) / _MIB})


# --- connections -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def held(bench: Bench, port: int, count: int, call: Call, is_tls: bool) -> Iterator[None]:
    """So many connections, each of which has been answered once."""
    process = subprocess.Popen(bench.load_command(sys.executable, _IDLE), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    try:
        process.stdin.write(json.dumps({"port": port, "tls": is_tls, "count": count, "request": wrk.text(call)}) + "\n")
        process.stdin.flush()
        said = json.loads(process.stdout.readline() or '{"answered": 0, "errors": ["nothing was said"]}')
        if said["answered"] != count:
            raise Failure(f"of {count} connections {said['answered']} were answered; {', '.join(said['errors'])}")
        yield
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def growth(bench: Bench, port: int, pids: Callable[[], list[int]], call: Call, is_tls: bool) -> Sample:
    """What so many connections add to these processes."""
    count = _TLS if is_tls else _PLAIN
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if most < count + 500:
        raise Failure(f"{count:,} connections need more open files than the {most:,} that a process may have here.")
    # The first ones make what all of them use.
    with held(bench, port, 50, call, is_tls):
        pass
    before = resident_bytes(pids())
    began = time.monotonic()
    with held(bench, port, count, call, is_tls):
        time.sleep(_SETTLE)
        after = resident_bytes(pids())
        seconds = time.monotonic() - began
    return Sample(count, seconds, {}, more={
        "connections": count, "MiB before": before / _MIB, "MiB with them": after / _MIB,
        "KiB each": (after - before) / count / 1024})


@contextlib.contextmanager
def nginx(bench: Bench) -> Iterator[tuple[tuple[int, int], Callable[[], list[int]]]]:
    """nginx before an origin, with room for all the connections: its ports and its processes."""
    folder = bench.scratch / f"nginx-{spare_ports(1)[0]}"
    folder.mkdir()
    files, ports, origin = peers.certificate(folder), spare_ports(2), spare_ports(1)[0]
    workers = len(os.sched_getaffinity(0))
    (folder / "origin.conf").write_text(peers.origin_configuration(folder, workers, origin, 16))
    text, command, _ = peers.nginx(folder, workers, ports, origin, [], files)
    (folder / "nginx.conf").write_text(text.replace("worker_connections 4096", "worker_connections 16384"))
    with Server("origin", peers.nginx_command(folder, "origin"), folder), \
            Server("nginx", command, folder) as server:
        for is_tls in (False, True):
            until = time.monotonic() + 10
            while True:
                with contextlib.suppress(OSError):
                    if door.ask(ports[is_tls], is_tls).status == 200:
                        break
                if time.monotonic() > until:
                    raise server.failure("does not answer")
                time.sleep(0.05)
        yield ports, server.family


class Connections(Workload):
    name = "connections"
    title = "Connections that keep still"
    text = (f"{_PLAIN:,} kept connections of HTTP/1.1, {_TLS:,} over TLS, each of which has asked once: resident memory "
            "of the processes that hold them, before and then.")
    columns = {"connections": "{:,.0f}", "MiB before": "{:.1f}", "MiB with them": "{:.1f}", "KiB each": "{:.1f}"}
    without = ("cpu", "latency", "rate", "memory")
    names = ("gatehouse", "gatehouse, TLS", "fastapi", "nginx", "nginx, TLS")

    def contestants(self, bench: Bench) -> list[Contestant]:
        found = []
        for name, group in (("gatehouse", "gateway"), ("fastapi", "uvicorn")):
            side = bench.side(name)
            if side:
                found.append(Simple(name, side.version, _of_side(bench, name, group, False)))
                if side.tls_port:
                    found.append(Simple(f"{name}, TLS", side.version, _of_side(bench, name, group, True)))
        if bench.wishes("nginx"):
            for is_tls in (False, True):
                found.append(Simple("nginx, TLS" if is_tls else "nginx", peers.version("nginx"),
                                    _of_nginx(bench, is_tls)))
        return found


def _of_side(bench: Bench, name: str, group: str, is_tls: bool) -> Callable[[float], Sample]:
    def measure(_: float) -> Sample:
        with fresh(bench, name) as side:
            call = side.call("echo" if side.offers("echo") else "jwks")
            return growth(bench, side.tls_port if is_tls else side.port, side.groups[group], call, is_tls)
    return measure


def _of_nginx(bench: Bench, is_tls: bool) -> Callable[[float], Sample]:
    def measure(_: float) -> Sample:
        with nginx(bench) as (ports, pids):
            return growth(bench, ports[is_tls], pids, Call("GET", door.PATH), is_tls)
    return measure
