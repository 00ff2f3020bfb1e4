"""What limits cost, and how well they hold."""

import concurrent.futures
import os
import re
import subprocess

from gateway.processes import Failure, finish, found, started

from .. import wrk
from ..gatehouse import TIGHT, TIGHT_BURST, TIGHT_PER_SECOND, Gatehouse
from ..limits import offered
from ..load import Calls
from ..sample import Sample
from ..workload import Bench, Contestant, Workload

_ADMITTED, _TIMES = "admitted to allowed", 3
_PAUSE_MS = 10
_USER = "benchmark"


class LimitCost(Workload):
    name = "limit-cost"
    title = "What a limit costs"
    text = ("The echo route on 32 connections with a leased limit, with a strict one (Redis is asked each time), and "
            "without. Beside it how many counts Redis itself does for `redis-benchmark`, one by one and sixteen in a pipeline.")
    names = ("gatehouse", "gatehouse, no limits", "gatehouse, strict limit", "limit: Redis INCR",
             "limit: Redis INCR, pipelined")

    def contestants(self, bench: Bench) -> list[Contestant]:
        sides = bench.sides(*self.names[:3])
        contestants: list[Contestant] = [
            Calls(bench, side, self.name, 32, lambda side: [side.call("echo")]) for side in sides]
        for name, depth in ((self.names[3], 1), (self.names[4], 16)):
            contestants += offered(bench, name, lambda name=name, depth=depth: Counts(bench, name, sides[0], depth))
        return contestants


class Counts:
    """redis-benchmark on Gatehouse's own Redis, whose CPU counts."""

    version = "redis-benchmark"

    def __init__(self, bench: Bench, name: str, side: Gatehouse, depth: int):
        self.bench, self.name, self.side, self.depth = bench, name, side, depth
        self.program = found("redis-benchmark")
        self.port = side.suite.ports["REDIS"]
        # Its password can only be an argument, which every user of the machine may read: so it gets a user without one,
        # who may count and nothing else.
        made = subprocess.run(
            [found("redis-cli"), "-p", str(self.port), "acl", "setuser", _USER, "on", "nopass", "~benchmark:*",
             "+incr"],
            env={**os.environ, "REDISCLI_AUTH": side.suite.secret("redis_password")}, capture_output=True, text=True)
        if made.stdout.strip() != "OK":
            raise Failure(f"Redis takes no further user: {made.stdout.strip()}")

    def measure(self, seconds: float) -> Sample:
        self.bench.pin(self.side)
        # How long so many take is Redis' business.
        rate = self.run(20_000)
        count = max(20_000, int(rate * seconds))
        meter = self.bench.meter(self.side)
        rate = self.run(count)
        return Sample(count, count / rate, {"redis": meter.cpu()["redis"]})

    def run(self, count: int) -> float:
        """Returns how many there were a second."""
        command = self.bench.load_command(
            self.program, "-h", "127.0.0.1", "-p", self.port, "--user", _USER, "-a", "none", "-c", 32, "-n", count,
            "-P", self.depth, "-q", "INCR", "benchmark:count")
        with started(command) as process:
            said = finish(process)
        rates = re.findall(r"([0-9.]+) requests per second", said)
        if not rates or "NOAUTH" in said or "NOPERM" in said:
            raise Failure(f"redis-benchmark's report is not as it should be:\n{said.strip()[-500:]}")
        return float(rates[-1])


class LimitAccuracy(Workload):
    name = "limit-accuracy"
    title = "How well a limit holds"
    text = (f"Two gateways are offered together {_TIMES} times the {TIGHT_PER_SECOND} requests a second that one address "
            f"is allowed, after {TIGHT_BURST} at once. Refused requests are part of the rate.")
    columns = {_ADMITTED: "{:.3f}"}
    without = ("cpu", "latency", "memory")
    ours = "leased"
    names = tuple(TIGHT)

    def contestants(self, bench: Bench) -> list[Contestant]:
        side = bench.side("two gateways")
        return [Tight(bench, side, kind, path) for kind, path in TIGHT.items()]


class Tight:
    """The limit of one kind."""

    def __init__(self, bench: Bench, side: Gatehouse, kind: str, path: str):
        self.bench, self.side, self.name, self.version = bench, side, kind, side.version
        call = side.call("echo")
        call.path = path
        self.file = wrk.write_records(bench.scratch / f"tight-{kind}.requests", [wrk.text(call)])
        self.ports = side.suite.instance_ports("GATEWAY", 2)

    def measure(self, seconds: float) -> Sample:
        # The first requests find every unit there.
        per_gateway = round(_TIMES * TIGHT_PER_SECOND * (_PAUSE_MS + 1) / 1000 / len(self.ports))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            outcomes = list(pool.map(lambda port: wrk.run(
                self.bench, port, "paced", per_gateway, seconds, [self.file, _PAUSE_MS]), self.ports))
        admitted = sum(outcome.statuses.get(200, 0) for outcome in outcomes)
        refused = sum(outcome.statuses.get(429, 0) for outcome in outcomes)
        took = max(outcome.seconds for outcome in outcomes)
        errors: dict[str, int] = {}
        for outcome in outcomes:
            errors |= outcome.faults(429)
        allowed = TIGHT_BURST + TIGHT_PER_SECOND * took
        if admitted + refused < 1.5 * allowed:
            raise Failure(f"only {admitted + refused} requests were offered, where {allowed:.0f} are allowed.")
        return Sample(admitted + refused, took, {}, errors=errors, refused=refused,
                      more={_ADMITTED: admitted / allowed})
