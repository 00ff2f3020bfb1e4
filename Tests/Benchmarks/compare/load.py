"""Loads that several workloads have in common."""

import json
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from gateway.processes import Failure

from . import wrk
from .sample import Sample
from .side import Call, Session, Side
from .workload import Bench

WARM_UP = 1


class Load:
    """A contestant: a side under a load whose requests are made anew for each sample, as access tokens end."""

    def __init__(self, bench: Bench, side: Side, connections: int):
        self.bench, self.side, self.connections = bench, side, connections
        self.name, self.version = side.name, side.version

    def write(self) -> None:
        """Makes the requests."""
        raise NotImplementedError

    def load(self, seconds: float) -> wrk.Outcome:
        raise NotImplementedError

    def measure(self, seconds: float) -> Sample:
        self.write()
        self.bench.pin(self.side)
        self.load(WARM_UP)
        # Logins whose callers have gone are over by then: those that come next are not refused for their sake.
        time.sleep(0.2)
        with self.bench.counting(self.side.groups) as instructions:
            meter = self.bench.meter(self.side)
            outcome = self.load(seconds)
            sample = outcome.sample(meter.cpu(), outcome.faults())
        sample.memory, sample.instructions = meter.memory(), instructions
        return sample


class Calls(Load):
    """The same few calls again and again."""

    def __init__(self, bench: Bench, side: Side, label: str, connections: int, calls: Callable[[Side], Sequence[Call]]):
        super().__init__(bench, side, connections)
        self.calls = calls
        self.file = bench.scratch / f"{label}-{file_name(side.name)}.requests"

    def write(self) -> None:
        wrk.write_records(self.file, map(wrk.text, self.calls(self.side)))

    def load(self, seconds: float) -> wrk.Outcome:
        return wrk.run(self.bench, self.side.port, "requests", self.connections, seconds, [self.file])


def run_program(bench: Bench, program: str, order: dict) -> dict:
    """Runs a load of ours, a program of this folder that takes its order as JSON and tells the same way what came of it."""
    result = subprocess.run(
        bench.load_command(sys.executable, pathlib.Path(__file__).with_name(program)), input=json.dumps(order), text=True,
        capture_output=True, check=False, timeout=order["seconds"] + 60)
    if result.returncode:
        raise Failure(f"the load ended with {result.returncode}: {result.stderr[-500:]}")
    return json.loads(result.stdout)


class Pool:
    """A side's refresh tokens, which a load takes from the front and whose successors go to the end."""

    def __init__(self, bench: Bench, side: Side, stem: pathlib.Path, connections: int, sessions: int):
        self.connections = connections
        self.file, self.journal = stem.with_suffix(".pool"), stem.with_suffix(".journal")
        self.template = wrk.write_template(stem.with_suffix(".template"), side.call("refresh", refresh=wrk.TOKEN))
        self.tokens = [session.refresh for session in side.sessions(sessions)]

    def write(self) -> None:
        wrk.write_lines(self.file, self.tokens)
        self.journal.unlink(missing_ok=True)

    def update(self, outcome: wrk.Outcome) -> None:
        """Takes in what a load has left of it."""
        self.tokens += self.journal.read_text().split()
        del self.tokens[:outcome.taken]
        if len(self.tokens) <= self.connections:
            raise Failure("there are too few sessions for so many requests a second.")


def exchange(bench: Bench, side: Side, tokens: Sequence[str]) -> list[Session]:
    """Exchanges each refresh token once; returns the access and refresh tokens that came, in no order."""
    sessions, outcome = exchange_some(bench, side, tokens)
    if len(sessions) != len(tokens):
        raise Failure(f"{side.name}: of {len(tokens)} refresh tokens {len(sessions)} could be exchanged; "
                      f"answers by status: {outcome.statuses}, {outcome.errors}")
    return sessions


def exchange_some(bench: Bench, side: Side, tokens: Sequence[str]) -> tuple[list[Session], wrk.Outcome]:
    """The same where some may be refused."""
    stem = bench.scratch / f"exchange-{file_name(side.name)}"
    template = wrk.write_template(stem.with_suffix(".template"), side.call("refresh", refresh=wrk.TOKEN))
    pool = wrk.write_lines(stem.with_suffix(".tokens"), tokens)
    idle = wrk.write_records(stem.with_suffix(".idle"), [wrk.text(side.call("jwks"))])
    pairs = stem.with_suffix(".pairs")
    outcome = wrk.run(bench, side.port, "exchange", min(16, len(tokens)), 60, [template, pool, pairs, idle])
    return [Session("", *line.split("\t")) for line in pairs.read_text().splitlines()], outcome


def access_tokens(bench: Bench, side: Side, count: int) -> list[str]:
    """Access tokens of as many sessions."""
    sessions = side.sessions(count)
    known = [session.access for session in sessions if session.access]
    if len(known) == count:
        return known
    return [session.access for session in exchange(bench, side, [each.refresh for each in sessions]) if session.access]


def used_at_rest(bench: Bench, side: Side, seconds: float) -> dict[str, float]:
    """CPU seconds by group in that time, in which nobody asks."""
    meter = bench.meter(side)
    time.sleep(seconds)
    return meter.cpu()


def file_name(name: str) -> str:
    """A side's or contestant's name as a part of a file's."""
    return "".join(letter if letter.isalnum() else "-" for letter in name)
