"""Introspection: most tokens have been asked about before, some never, some are revoked."""

import http.client
import random
import re

from gateway.processes import Failure

from .. import wrk
from ..limits import loop
from ..load import WARM_UP, exchange, file_name
from ..sample import Sample, outside
from ..side import Call, Session, Side
from ..workload import Bench, Contestant, Workload

_CONNECTIONS, _KNOWN, _REVOKED = 32, 100, 20


def order(length: int, known: int, revoked: int) -> list[int]:
    """Which request is next, counted from 1: those of known tokens, then those of revoked ones, then of one that is new
    each time. In each hundred ten are new and one, if there are any, revoked; the others are known."""
    chance, turns, newest = random.Random(7), [], known + revoked
    for _ in range(-(-length // 100)):
        hundred = [chance.randint(1, known) for _ in range(89 if revoked else 90)]
        hundred += [chance.randint(known + 1, known + revoked)] if revoked else []
        hundred += range(newest + 1, newest + 11)
        newest += 10
        chance.shuffle(hundred)
        turns += hundred
    return turns


class Introspections:
    """One side's tokens, made anew for each sample, as they end."""

    def __init__(self, bench: Bench, side: Side):
        self.bench, self.side = bench, side
        self.name, self.version = side.name, side.version
        stem = bench.scratch / f"introspect-{file_name(side.name)}"
        self.texts, self.order_file = stem.with_suffix(".requests"), stem.with_suffix(".order")

    def measure(self, seconds: float) -> Sample:
        self.bench.pin(self.side)
        revoked = self.open(_REVOKED) if self.side.offers("revoke") else []
        known = self.open(_KNOWN)
        for session in revoked:
            self.revoke(session)
        inactive = self.inactive(revoked[0] if revoked else None)
        warm = self.load([*known, *revoked], list(range(1, len(known) + 1)), inactive, WARM_UP)
        turns = order(int(warm.requests / warm.seconds * seconds * 2) + 100, len(known), len(revoked))
        fresh = self.open(len(turns) // 10)
        self.load([*known, *revoked], list(range(1, len(known) + 1)), inactive, WARM_UP)
        with self.bench.counting(self.side.groups) as instructions:
            meter = self.bench.meter(self.side)
            outcome = self.load([*known, *revoked, *fresh], turns, inactive, seconds)
            cpu = meter.cpu()
        if outcome.taken > len(turns):
            raise Failure("more was asked than there are new tokens for.")
        is_revoked = range(len(known) + 1, len(known) + len(revoked) + 1)
        expected = sum(turn in is_revoked for turn in turns[:outcome.taken])
        # What is under way at the end is answered to nobody.
        errors = outcome.faults() | outside(
            outcome.matched, expected - _CONNECTIONS, expected, "tokens said to be inactive")
        sample = outcome.sample(cpu, errors, outcome.matched)
        sample.memory, sample.instructions = meter.memory(), instructions
        return sample

    def open(self, count: int) -> list[Session]:
        return exchange(self.bench, self.side, [each.refresh for each in self.side.sessions(count)])

    def call(self, session: Session) -> Call:
        return self.side.call("introspect", token=session.access)

    def load(self, sessions: list[Session], turns: list[int], inactive: str, seconds: float) -> wrk.Outcome:
        wrk.write_records(self.texts, [wrk.text(self.call(session)) for session in sessions])
        wrk.write_lines(self.order_file, turns)
        return wrk.run(self.bench, self.side.port, "requests", _CONNECTIONS, seconds,
                       [self.texts, self.order_file, inactive])

    def revoke(self, session: Session) -> None:
        self.ask(self.side.call("revoke", access=session.access, refresh=session.refresh))

    def inactive(self, session: Session | None) -> str:
        """How the side says that a token is not good."""
        bad = self.call(session) if session else self.side.call("introspect", token="none")
        found = re.search(r'"active"\s*:\s*false', self.ask(bad))
        if not found:
            raise Failure("a token that is not good is not said to be inactive.")
        return found[0]

    def ask(self, call: Call) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.side.port, timeout=10)
        try:
            connection.request(call.method, call.path, call.body, call.headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status >= 300:
                raise Failure(f"{call.path} answers {answer.status}: {text[:200]}")
            return text
        finally:
            connection.close()


class Introspection(Workload):
    name = "introspect"
    title = "Introspection"
    text = (f"On {_CONNECTIONS} connections: of a hundred requests ten are about a token that is asked about for the first "
            f"time, one about a revoked one (none of Glewlwyd's are), the others about {_KNOWN} that come again and again. "
            "Refused is how often the answer was that a token is not active: as often as a revoked one was asked about, or "
            "it is an error.")
    names = ("gatehouse", "fastapi", "glewlwyd", "limit: ES256 verification")

    def contestants(self, bench: Bench) -> list[Contestant]:
        contestants: list[Contestant] = [
            Introspections(bench, side) for side in bench.sides(*self.names[:3], offering="introspect")]
        return contestants + loop(bench, "limit: ES256 verification", "sign", "ES256", "verify")
