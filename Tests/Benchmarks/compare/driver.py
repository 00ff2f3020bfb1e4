"""The rounds: in each, all contestants of a workload are measured, another one first each time."""

import contextlib
import pathlib
import subprocess
import time
from collections.abc import Iterator
from typing import Any

from command import say
from gateway.processes import Failure

from .instructions import NotCounted, counted, why_not
from .meter import Cores, GroupMeter, Groups
from .sample import Sample
from .side import Side
from .sides import Sides
from .workload import Contestant, Workload


class Driver:
    """What workloads are lent, and who measures them."""

    def __init__(self, scratch: pathlib.Path, cores: Cores, started: Sides, is_quick: bool, seconds: float,
                 most_users: int, most_tenants: int):
        self.scratch, self.cores, self.started = scratch, cores, started
        self.is_quick, self.seconds = is_quick, seconds
        self.server_cores, self.is_pinned = len(cores.servers), cores.is_pinned
        self.most_users, self.most_tenants = most_users, most_tenants
        self.meters: list[GroupMeter] = []
        # Whether all was measured and nothing failed that must not.
        self.is_whole = True

    # --- what workloads use -------------------------------------------------------------------------------------------

    def side(self, name: str) -> Side | None:
        return self.started.get(name)

    def sides(self, *names: str, offering: str | None = None) -> list[Side]:
        """Those of them that can be had, with another build of Gatehouse behind Gatehouse where one is wished for."""
        found = filter(None, map(self.started.get, self.started.with_another_build(names)))
        return [side for side in found if offering is None or side.offers(offering)]

    def make(self, name: str) -> Side:
        return self.started.make(name)

    def wishes(self, name: str) -> bool:
        """Whether a peer that is no side of its own, a proxy or the limit programs, is to take part."""
        return name in self.started.wanted

    def leave_out(self, sentence: str) -> None:
        """Tells, once and in the report too, what can't be had."""
        self.started.leave_out(sentence)

    def enter(self, server: contextlib.AbstractContextManager) -> Any:
        return self.started.passing.enter_context(server)

    def load_command(self, *words: object) -> list[str]:
        return self.cores.load_command(*words)

    def pin(self, *sides: Side) -> None:
        for side in sides:
            self.cores.hold(side.groups)

    def pin_apart(self, side: Side, ids: list[int]) -> None:
        self.cores.hold_apart(side.groups, ids)

    @contextlib.contextmanager
    def counting(self, groups: Groups) -> Iterator[dict[str, float]]:
        if reason := why_not():
            self.leave_out(f"Instructions are not counted: {reason}.")
            yield {}
            return
        found: dict[str, float] = {}
        try:
            with counted(groups) as found:
                yield found
        except NotCounted as error:
            # Of some groups alone they would be taken for those of all.
            found.clear()
            self.leave_out(f"Of some samples instructions are not counted: {error}")

    def meter(self, side: Side) -> GroupMeter:
        meter = GroupMeter(side.groups)
        self.meters.append(meter)
        return meter

    # --- rounds -------------------------------------------------------------------------------------------------------

    def contestants(self, workload: Workload) -> list[Contestant]:
        began = time.monotonic()
        try:
            found = workload.contestants(self)
        except Failure as failure:
            raise Failure(f"{workload.name}: {failure}") from None
        say(f"{workload.name}: {', '.join(each.name for each in found)}; made ready in "
            f"{time.monotonic() - began:.1f} s")
        return found

    def measure(
            self, workloads: list[Workload], rounds: int, keep_going: bool) -> Iterator[dict[str, list[Contestant]]]:
        """Fills `samples`. The rounds of one workload follow one another; after each it tells which are done."""
        self.samples: list[Sample] = []
        fields = {}
        for workload in workloads:
            with self.started.one_workload():
                try:
                    contestants = self.contestants(workload)
                except (Failure, subprocess.CalledProcessError, AssertionError, OSError) as error:
                    if not keep_going:
                        raise
                    self.is_whole = False
                    say(f"{workload.name}: {error}")
                    self.leave_out(f"{workload.name} is left out: {first_line(error)}")
                    continue
                fields[workload.name] = contestants
                for number in range(rounds):
                    mine = {}
                    first = number % max(1, len(contestants))
                    for contestant in contestants[first:] + contestants[:first]:
                        with contextlib.suppress(_Skipped):
                            mine[contestant.name] = self._sample(workload, contestant, number + 1, keep_going)
                    workload.compare(mine)
                    self.samples += mine.values()
            yield fields

    def _sample(self, workload: Workload, contestant: Contestant, number: int, keep_going: bool) -> Sample:
        where = f"{contestant.name}, {workload.name}, round {number}"
        try:
            sample = contestant.measure(self.seconds)
        except Failure as failure:
            if not keep_going:
                raise Failure(f"{where}: {failure}") from None
            self.is_whole = False
            say(f"{where}: {failure}")
            self.leave_out(f"{where} is left out: {first_line(failure)}")
            raise _Skipped from None
        sample.workload, sample.side, sample.round = workload.name, contestant.name, number
        say(f"  round {number}  {workload.name:<19}{contestant.name:<29}{sample.rate:>9.0f}/s"
            f"{sample.per_thousand():>9.4f} CPU s per 1,000"
            + (f"  {sample.refused} refused as they should" if sample.refused else ""))
        if sample.errors:
            text = f"{where}: " + ", ".join(f"{count} × {what}" for what, count in sample.errors.items())
            if not keep_going:
                raise Failure(f"{text}. --keep-going measures all the same.")
            self.is_whole = False
            say(text)
        return sample

    @property
    def is_proportional(self) -> bool:
        """Whether the memory of several processes was always told as proportional set size."""
        return all(meter.is_proportional for meter in self.meters)


def first_line(error: Exception) -> str:
    """What a report has room for; the rest was told."""
    return next(iter(str(error).splitlines()), type(error).__name__)


class _Skipped(Exception):
    """There is no sample, and it was told why."""
