#!/usr/bin/env python3
"""What a second and a third token instance bring: requests a second through one gateway, how evenly they are spread, and
what a request costs each process.

Two cores that also run Postgres, the gateway and the load can't show it directly. So each token instance is held to the
same small share of a core, as if it had a small machine to itself: then the instances are what is scarce. Rounds alternate
between 1, 2 and 3 instances. Where processes can't be held, only the cost of a request can be shown.

Usage: Tests/Benchmarks/scaling.py [ROUNDS [SECONDS [SHARE]]]     (5, 5 and 0.04 of a core)
"""

import asyncio
import base64
import multiprocessing
import re
import statistics
import sys
import time
from multiprocessing.connection import Connection as Pipe

from http1 import Connection
from shares import Shares
from suite import Door, Meter, Suite

INSTANCES = ["token", "token-2", "token-3"]
WORKERS, CALLERS, WARM = 2, 32, 1.0


class Work:
    """What one caller asks for again and again."""

    def __init__(self, kind: str, credentials: str, access: str, refresh: str):
        self.kind, self.credentials, self.access, self.refresh = kind, credentials, access, refresh

    async def once(self, door: Connection) -> int:
        basic = {"Authorization": f"Basic {self.credentials}"}
        match self.kind:
            case "refresh":
                answer = await door.send("POST", "/api/v1/auth/refresh", {"refresh_token": self.refresh})
                if answer.status == 200:
                    self.refresh = answer.json()["refresh_token"]
            case "client credentials":
                answer = await door.send("POST", "/oauth2/token", b"grant_type=client_credentials", fields=basic)
            case _:
                answer = await door.send("POST", "/oauth2/introspect", f"token={self.access}".encode(), fields=basic)
        return answer.status


async def ask(port: int, works: list[Work], seconds: float) -> tuple[int, int]:
    """All callers at once; returns how many requests were answered after the warm-up, and how many were refused."""
    begin = time.monotonic() + WARM
    end = begin + seconds
    counts = [0, 0]

    async def one(work: Work) -> None:
        door = Connection(port)
        while time.monotonic() < end:
            status = await work.once(door)
            if status != 200:
                counts[1] += 1
            elif begin <= time.monotonic() < end:
                counts[0] += 1
        door.close()

    await asyncio.gather(*(one(work) for work in works))
    return counts[0], counts[1]


def worker(pipe: Pipe, port: int, groups: dict[str, list[Work]]) -> None:
    """A process of its own for the load: one alone would be what is scarce. Keeps its sessions between the rounds."""
    while order := pipe.recv():
        kind, seconds = order
        pipe.send(asyncio.run(ask(port, groups[kind], seconds)))


class Bench:
    def __init__(self, suite: Suite, shares: Shares | None):
        self.suite, self.shares = suite, shares
        self.pipes: list[Pipe] = []
        self.served: dict[str, float] = {}

    def start(self) -> None:
        user, _, _ = self.suite.register()
        token = Door(self.suite.ports["TOKEN"])
        credentials = self.client()
        for _ in range(WORKERS):
            groups = {}
            for kind in KINDS:
                opened = [self.suite.open_session(token, user) for _ in range(CALLERS)]
                groups[kind] = [Work(kind, credentials, each["access_token"], each["refresh_token"]) for each in opened]
            pipe, other = multiprocessing.Pipe()
            multiprocessing.Process(
                target=worker, args=(other, self.suite.ports["GATEWAY"], groups), daemon=True).start()
            self.pipes.append(pipe)

    def client(self) -> str:
        door = Door(self.suite.ports["GATEWAY"])
        status, tokens = door.send("POST", "/api/v1/auth/login", {
            "username": "admin@example.com", "password": self.suite.secret("first_superuser_password")})
        assert status == 200, tokens
        status, client = door.send(
            "POST", "/api/v1/admin/clients",
            {"client_id": "scaling", "name": "Scaling", "confidential": True,
             "grant_types": ["client_credentials"]}, bearer=tokens["access_token"])
        assert status == 201, client
        return base64.b64encode(f"scaling:{client['client_secret']}".encode()).decode()

    def use(self, count: int) -> None:
        """Has so many instances run, each held to its share, and the gateway know it."""
        for number, name in enumerate(INSTANCES):
            is_wanted = number < count
            runs = (self.suite.folder / "state" / f"{name}.pid").exists()
            if is_wanted != runs:
                self.suite.deploy("service", "start" if is_wanted else "stop", name)
            if is_wanted:
                port = self.suite.ports["TOKEN"] + 10 * number
                while not self.is_ready(port):
                    time.sleep(0.1)
                if self.shares:
                    self.shares.hold(name, int((self.suite.folder / "state" / f"{name}.pid").read_text().split()[0]))
        ready = re.compile(r'gatehouse_upstream_instance_state\{address="[^"]*",state="ready",upstream="token"\} 1')
        ops = Door(self.suite.ports["OPS"])
        while len(ready.findall(self.metrics(ops))) != count:
            time.sleep(0.1)

    @staticmethod
    def is_ready(port: int) -> bool:
        try:
            return Door(port).send("GET", "/health/readiness")[0] == 200
        except OSError:
            return False

    @staticmethod
    def metrics(door: Door) -> str:
        return door.send("GET", "/metrics")[1].decode()

    def answered(self, count: int) -> list[float]:
        """How many requests each instance has answered."""
        counts = []
        for number in range(count):
            text = self.metrics(Door(self.suite.ports["TOKEN"] + 10 * number))
            counts.append(sum(float(value) for value in re.findall(
                r'^gatehouse_request_seconds_count\{[^}]*\} (\S+)$', text, re.MULTILINE)))
        return counts

    def sample(self, kind: str, count: int, seconds: float) -> dict[str, object]:
        meter = Meter(self.suite, "gateway", *INSTANCES[:count])
        before, used = self.answered(count), meter.cpu()
        for pipe in self.pipes:
            pipe.send((kind, seconds))
        results = [pipe.recv() for pipe in self.pipes]
        total = {name: value - used[name] for name, value in meter.cpu().items()}
        served = [after - earlier for after, earlier in zip(self.answered(count), before)]
        done, refused = (sum(each) for each in zip(*results))
        assert not refused, f"{refused} requests of {kind} were refused"
        # Processor time counts the warm-up too, and so do the instances' own counts.
        cost = {"gateway": total["gateway"], "token": sum(total[name] for name in INSTANCES[:count]),
                "postgres": total["postgres"]}
        return {"rate": done / seconds, "shares": [each / sum(served) for each in served],
                "cost": {name: value * 1000 / sum(served) for name, value in cost.items()}}


KINDS = ["refresh", "client credentials", "introspect"]


def main() -> None:
    words = [float(word) for word in sys.argv[1:4]]
    rounds, seconds, share = words + [5.0, 5.0, 0.04][len(words):]
    shares = Shares(share)
    if reason := shares.why_not():
        print(f"Instances are not held to a share, so only costs tell: {reason}.", file=sys.stderr)
    with shares, Suite(tokens=len(INSTANCES)) as suite:
        bench = Bench(suite, None if reason else shares)
        bench.start()
        bench.use(1)
        for kind in KINDS:
            bench.sample(kind, 1, seconds)
        samples: dict[tuple[str, int], list[dict]] = {}
        for number in range(int(rounds)):
            for count in ([1, 2, 3], [3, 2, 1])[number % 2]:
                bench.use(count)
                for kind in KINDS:
                    sample = bench.sample(kind, count, seconds)
                    samples.setdefault((kind, count), []).append(sample)
                    print(f"round {number + 1}: {kind}, {count}: {sample['rate']:.0f}/s", file=sys.stderr, flush=True)
        show(samples, int(rounds))


def show(samples: dict[tuple[str, int], list[dict]], rounds: int) -> None:
    print("| work | instances | requests/s | to one instance | share of each | "
          "CPU s per 1,000: gateway | token | Postgres |\n|---|---|---|---|---|---|---|---|")
    for kind in KINDS:
        for count in (1, 2, 3):
            mine = samples[kind, count]
            ratios = sorted(mine[each]["rate"] / samples[kind, 1][each]["rate"] for each in range(rounds))
            spread = " / ".join(f"{statistics.median(each['shares'][number] for each in mine):.0%}"
                                for number in range(count))
            costs = " | ".join(f"{statistics.median(each['cost'][name] for each in mine):.3f}"
                               for name in ("gateway", "token", "postgres"))
            print(f"| {kind} | {count} | {statistics.median(each['rate'] for each in mine):.0f} | "
                  f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f}) | {spread} | {costs} |")


main()
