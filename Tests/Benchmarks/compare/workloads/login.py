"""Logins, which are a hash and what is around it."""

import dataclasses

from suite import quantile

from ..limits import loop, offered
from ..load import WARM_UP, run_program, used_at_rest
from ..login_statements import AT_ONCE, PER_SECOND, Paced
from ..meter import thread_seconds, threads
from ..sample import Sample
from ..side import Side
from ..workload import Bench, Contestant, Workload

_USERS, _CONNECTIONS = 500, 4
_HASH, _HASH_ANEW = "limit: Argon2id", "limit: Argon2id in memory mapped anew"
_APART = "gatehouse, hashes on a core of their own"
# By how many logins go together.
_STATEMENTS = {1: f"limit: statements, {PER_SECOND} a second",
               AT_ONCE: f"limit: statements, {PER_SECOND} a second, {AT_ONCE} at once"}
_BEYOND, _SHARE, _AMONG = "beyond the hash", "of what hashes allow", "the hash among others"
_BESIDE = "beside the hashing threads"


class Logins:
    """One side under a load in which every login is answered, and at rest before it."""

    def __init__(self, bench: Bench, side: Side, name: str | None = None):
        self.bench, self.side = bench, side
        self.name, self.version = name or side.name, side.version
        # Glewlwyd's users are made one by one.
        users = side.users(20 if side.name == "glewlwyd" else _USERS)
        self.calls = [dataclasses.asdict(side.call("login", user=user.name, password=user.password)) for user in users]

    def measure(self, seconds: float) -> Sample:
        self.bench.pin(self.side)
        self.load(WARM_UP)
        hashing = self.hashing()
        if self.name == _APART:
            self.bench.pin_apart(self.side, hashing)
        rest = used_at_rest(self.bench, self.side, seconds)
        with self.bench.counting(self.side.groups) as instructions:
            meter, hashed = self.bench.meter(self.side), thread_seconds(hashing)
            said = self.load(seconds)
        # Few logins have to carry what the processes do of themselves, so that is taken off.
        used = {group: max(0.0, cpu - rest[group] * said["seconds"] / seconds) for group, cpu in meter.cpu().items()}
        errors = {outcome: count for outcome, count in said["outcomes"].items() if outcome != "200"}
        times = said["milliseconds"]
        more = {}
        if hashing:
            among = (thread_seconds(hashing) - hashed) * 1000 / len(times)
            more = {_AMONG: among, _BESIDE: sum(used.values()) * 1000 / len(times) - among}
        return Sample(len(times), said["seconds"], used, *(quantile(times, share) for share in (0.5, 0.99, 0.999)),
                      errors=errors, memory=meter.memory(), instructions=instructions, more=more)

    def hashing(self) -> list[int]:
        """The threads that hash, where they are told apart."""
        if not self.side.hash_threads:
            return []
        group, prefix = self.side.hash_threads
        return threads(self.side.groups[group](), prefix)

    def load(self, seconds: float) -> dict:
        order = {"port": self.side.port, "callers": _CONNECTIONS, "seconds": seconds, "requests": self.calls}
        return run_program(self.bench, "closed.py", order)


class Login(Workload):
    name = "login"
    title = "Login"
    text = (f"{_USERS} users log in again and again on {_CONNECTIONS} connections. Hashes are Argon2id with 19 MiB and 2 "
            "passes (Glewlwyd has another kind). Beyond the hash is the CPU in seconds per 1,000 that is left when the limit "
            "program's, which verifies and does nothing else, is taken off; what hashes allow is what as many of it as "
            "the servers have cores would do; the hash among others is what our threads that hash have used, and beside them is "
            "all else, which swings less than what is beyond the hash. Where those threads have the servers' cores for their "
            "own, all else shares the load's. The limit program verifies in memory that it "
            "keeps, as Gatehouse does; beside it the same in memory that is mapped for each, which is what libsodium does of "
            "itself. The statements are what a login asks of Postgres, by pgbench and on a core that hashes nothing: the account "
            "is looked up in one transaction and the session opened in another, for each by itself or for several together. "
            "What the processes use when nobody asks, measured before each load, is not counted.")
    is_in_quick = True
    columns = {_AMONG: "{:.2f}", _BESIDE: "{:.2f}", _BEYOND: "{:.2f}", _SHARE: "{:.0%}"}
    names = ("gatehouse", "fastapi", "glewlwyd", _APART, _HASH, _HASH_ANEW, *_STATEMENTS.values())

    def contestants(self, bench: Bench) -> list[Contestant]:
        self.cores = bench.server_cores
        sides = bench.sides(*self.names[:3], offering="login")
        contestants: list[Contestant] = [Logins(bench, side) for side in sides]
        if bench.is_pinned:
            contestants.append(Logins(bench, sides[0], _APART))
        contestants += loop(bench, _HASH, "hash", "kept") + loop(bench, _HASH_ANEW, "hash", "anew")
        for count, name in _STATEMENTS.items():
            contestants += offered(bench, name, lambda count=count, name=name: Paced(bench, sides[0], name, count))
        return contestants

    def compare(self, samples: dict[str, Sample]) -> None:
        hashes = samples.get(_HASH)
        for name, mine in samples.items():
            if hashes and name.startswith(("gatehouse", "fastapi")):
                mine.more[_BEYOND] = mine.per_thousand() - hashes.per_thousand()
                mine.more[_SHARE] = mine.rate / (hashes.rate * self.cores)
