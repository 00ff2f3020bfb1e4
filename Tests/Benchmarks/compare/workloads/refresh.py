"""Refresh tokens, rotated at each use; some come a second time."""

from .. import wrk
from ..limits import loop, offered
from ..load import WARM_UP, Pool, exchange, exchange_some, file_name
from ..sample import Sample, outside
from ..side import Side
from ..statement import of_refresh
from ..workload import Bench, Contestant, Workload

_CONNECTIONS = 32
# One request in so many is a replay.
_EVERY = 20


class Refreshes:
    """One side's sessions, and the loads on them."""

    def __init__(self, bench: Bench, side: Side, sessions: int):
        self.bench, self.side = bench, side
        self.name, self.version = side.name, side.version
        stem = bench.scratch / f"refresh-{file_name(side.name)}"
        self.used_file = stem.with_suffix(".used")
        self.pool = Pool(bench, side, stem, _CONNECTIONS, sessions)

    def measure(self, seconds: float) -> Sample:
        self.bench.pin(self.side)
        warm = self.load(WARM_UP, [])
        used, successors = self.use(int(warm.requests / warm.seconds * seconds / _EVERY * 1.5) + 20)
        with self.bench.counting(self.side.groups) as instructions:
            meter = self.bench.meter(self.side)
            outcome = self.load(seconds, used)
            cpu = meter.cpu()
        memory = meter.memory()
        refused = sum(outcome.statuses.get(status, 0) for status in (400, 401))
        errors = outcome.faults(400, 401)
        # What is under way at the end is answered to nobody.
        errors |= outside(
            refused, outcome.replayed - _CONNECTIONS, outcome.replayed, "tokens refused that came a second time")
        errors |= self.survivors(successors, refused, outcome.replayed)
        sample = outcome.sample(cpu, errors, refused)
        sample.memory, sample.instructions = memory, instructions
        return sample

    def load(self, seconds: float, used: list[str]) -> wrk.Outcome:
        self.pool.write()
        wrk.write_lines(self.used_file, used)
        outcome = wrk.run(self.bench, self.side.port, "refresh", _CONNECTIONS, seconds,
                          [self.pool.template, self.pool.file, self.pool.journal, self.used_file,
                           _EVERY if used else 0])
        self.pool.update(outcome)
        return outcome

    def use(self, count: int) -> tuple[list[str], list[str]]:
        """Tokens of sessions of their own that have been used, and their successors, which nobody has used yet."""
        used = [session.refresh for session in self.side.sessions(count)]
        return used, [session.refresh for session in exchange(self.bench, self.side, used)]

    def survivors(self, successors: list[str], refused: int, replayed: int) -> dict[str, int]:
        """Whether each replay has ended its session, and no other session has ended."""
        sessions, outcome = exchange_some(self.bench, self.side, successors)
        ended = len(successors) - len(sessions)
        return outcome.faults(400, 401) | outside(ended, refused, replayed, "sessions ended by a replay")


class Refresh(Workload):
    name = "refresh"
    title = "Refresh"
    is_in_quick = True
    names = ("gatehouse", "fastapi", "limit: statement, singly", "limit: statement, pipelined",
             "limit: statement, batched", "limit: ES256 signature")

    def contestants(self, bench: Bench) -> list[Contestant]:
        count = 10_000 if bench.is_quick else 1_000_000
        self.text = (f"{count:,} sessions whose tokens are exchanged on {_CONNECTIONS} connections, each for its successor "
                     f"and an access token. One in {_EVERY} has been used before: it is refused and ends its session, "
                     "which is checked afterwards.")
        sides = bench.sides("gatehouse", "fastapi")
        contestants: list[Contestant] = [Refreshes(bench, side, count) for side in sides]
        identifier = sides[0].identifiers(count) if bench.wishes("limits") else ""
        for way in ("singly", "pipelined", "batched"):
            contestants += offered(bench, f"limit: statement, {way}",
                                   lambda way=way: of_refresh(bench, sides[0], identifier, count, way))
        return contestants + loop(bench, "limit: ES256 signature", "sign", "ES256", "sign")
