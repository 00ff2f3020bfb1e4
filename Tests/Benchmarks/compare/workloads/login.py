"""Logins, which are a hash and what is around it."""

import dataclasses
import time

from suite import quantile

from ..limits import loop
from ..load import WARM_UP, run_program
from ..sample import Sample
from ..side import Side
from ..workload import Bench, Contestant, Workload

_USERS, _CONNECTIONS = 500, 4
_HASH, _HASH_ANEW = "limit: Argon2id", "limit: Argon2id in memory mapped anew"
_BEYOND, _SHARE = "beyond the hash", "of what hashes allow"


class Logins:
    """One side under a load in which every login is answered, and at rest before it."""

    def __init__(self, bench: Bench, side: Side):
        self.bench, self.side = bench, side
        self.name, self.version = side.name, side.version
        # Glewlwyd's users are made one by one.
        users = side.users(20 if side.name == "glewlwyd" else _USERS)
        self.calls = [dataclasses.asdict(side.call("login", user=user.name, password=user.password)) for user in users]

    def measure(self, seconds: float) -> Sample:
        self.bench.pin(self.side)
        self.load(WARM_UP)
        meter = self.bench.meter(self.side)
        time.sleep(seconds)
        rest = meter.cpu()
        meter = self.bench.meter(self.side)
        said = self.load(seconds)
        # Few logins have to carry what the processes do of themselves, so that is taken off.
        used = {group: max(0.0, cpu - rest[group] * said["seconds"] / seconds) for group, cpu in meter.cpu().items()}
        errors = {outcome: count for outcome, count in said["outcomes"].items() if outcome != "200"}
        times = said["milliseconds"]
        return Sample(len(times), said["seconds"], used, *(quantile(times, share) for share in (0.5, 0.99, 0.999)),
                      errors=errors, memory=meter.memory())

    def load(self, seconds: float) -> dict:
        order = {"port": self.side.port, "callers": _CONNECTIONS, "seconds": seconds, "requests": self.calls}
        return run_program(self.bench, "closed.py", order)


class Login(Workload):
    name = "login"
    title = "Login"
    text = (f"{_USERS} users log in again and again on {_CONNECTIONS} connections. Hashes are Argon2id with 19 MiB and 2 "
            "passes (Glewlwyd has another kind). Beyond the hash is the CPU in seconds per 1,000 that is left when the limit "
            "program's, which verifies and does nothing else, is taken off; what hashes allow is what as many of it as "
            "the servers have cores would do. It verifies in memory that it keeps, as Gatehouse does; beside it the same in "
            "memory that is mapped for each, which is what libsodium does of itself. What the processes use when nobody "
            "asks, measured before each load, is not counted.")
    is_in_quick = True
    columns = {_BEYOND: "{:.2f}", _SHARE: "{:.0%}"}
    names = ("gatehouse", "fastapi", "glewlwyd", _HASH, _HASH_ANEW)

    def contestants(self, bench: Bench) -> list[Contestant]:
        self.cores = bench.server_cores
        sides = [side for side in map(bench.side, self.names[:3]) if side and side.offers("login")]
        contestants: list[Contestant] = [Logins(bench, side) for side in sides]
        return contestants + loop(bench, _HASH, "hash", "kept") + loop(bench, _HASH_ANEW, "hash", "anew")

    def compare(self, samples: dict[str, Sample]) -> None:
        hashes = samples.get(_HASH)
        for name in ("gatehouse", "fastapi"):
            if hashes and name in samples:
                mine = samples[name]
                mine.more[_BEYOND] = mine.per_thousand() - hashes.per_thousand()
                mine.more[_SHARE] = mine.rate / (hashes.rate * self.cores)
