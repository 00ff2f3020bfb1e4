"""The gateway beside other proxies: the loads of Tests/Benchmarks/gateway.py, which says what each side does."""

import dataclasses
import pathlib

from gateway import load, ours, peers
from gateway.door import Answer, ask, check_ours
from gateway.door import Side as Proxy
from gateway.processes import Failure

from ..limits import static_server
from ..meter import GroupMeter
from ..sample import Sample
from ..sides import PROXIES
from ..workload import Bench, Contestant, Workload


class Echoes:
    """A proxy under one of those loads."""

    def __init__(self, bench: Bench, proxy: Proxy, kind: load.Workload):
        self.bench, self.proxy, self.kind = bench, proxy, kind
        self.name, self.version = proxy.name, proxy.version
        self.groups = {"proxy": lambda: proxy.front, "behind": lambda: proxy.behind}

    def measure(self, seconds: float) -> Sample:
        self.bench.cores.hold(self.groups)
        found = load.measure(self.kind, self.proxy, 0, seconds, self.bench.scratch, self.bench.load_command(),
                             self.bench.counting(self.groups))
        thousands = found.requests / 1000
        cpu = {"proxy": found.front * thousands, "behind": (found.whole - found.front) * thousands}
        errors = {", ".join(found.errors) or "requests that failed": found.failed} if found.failed else {}
        return Sample(found.requests, found.requests / found.requests_per_second, cpu, found.p50_ms, found.p99_ms,
                      errors=errors, memory=GroupMeter(self.groups).memory(), instructions=found.counts)


class Echo(Workload):
    """One of the loads; subclasses say which."""

    kind: load.Workload
    names = ("gatehouse", *PROXIES, "limit: static server")
    text = ("The echo route through the gateway, beside an answer of the same size through other proxies, each with one "
            "worker per core of the servers: a limit by address, CORS and security fields, a number for each request. `proxy` "
            "is the gateway or its peer alone, `behind` the token service and Redis, or the nginx origin.")

    def contestants(self, bench: Bench) -> list[Contestant]:
        sides = bench.sides("gatehouse")
        proxies = [dataclasses.replace(ours.side(side.suite), name=side.name) for side in sides]
        answers = [ask(proxy.plain, False) for proxy in proxies]
        for answer in answers:
            check_ours(answer)
        for name in PROXIES:
            if bench.wishes(name):
                proxies += self._peer(bench, name, answers[0], sides[0].files)
        contestants: list[Contestant] = [Echoes(bench, each, self.kind) for each in proxies]
        if self.kind.tool == "wrk" and not self.kind.is_tls:
            contestants += static_server(bench, "echo", self.kind.connections, len(answers[0].body))
        return contestants

    def _peer(self, bench: Bench, name: str, answer: Answer, files: list[pathlib.Path]) -> list[Proxy]:
        folder = bench.scratch / f"{self.name}-{name}"
        folder.mkdir()
        try:
            return bench.enter(peers.running([name], folder, bench.server_cores, answer, files))
        except Failure as failure:
            bench.leave_out(f"{name} is left out: {failure}")
            return []


def _of(kind: load.Workload) -> type[Echo]:
    return type(f"Echo_{kind.name}", (Echo,), {
        "kind": kind, "name": f"echo-{kind.name}", "title": f"The gateway: {kind.title}",
        "is_in_quick": kind.name in ("h1-32", "h2-32")})


ECHOES: list[type[Workload]] = [_of(kind) for kind in load.WORKLOADS]
