"""What a workload is to the driver. Each is a class in workloads/, listed in workloads/__init__.py."""

import pathlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from .meter import Cores, Groups
from .sample import Sample
from .side import Side


class Bench(Protocol):
    """What the driver lends to workloads."""

    # A folder for scripts and outputs, gone at the end.
    scratch: pathlib.Path
    is_quick: bool
    # Whether servers and load have cores of their own.
    is_pinned: bool
    # Seconds of a load that is measured; the warm-up before it is 1 s and the workload's own business.
    seconds: float
    # How far the full set's users-… and tenants-… go.
    most_users: int
    most_tenants: int

    def side(self, name: str) -> Side | None:
        """A running side by its name, started at the first time; None where it can't be had or is not wished for."""

    def sides(self, *names: str, offering: str | None = None) -> list[Side]:
        """Those of them that can be had and, where it is said, offer this. Behind Gatehouse comes another build of it, where
        one is to be compared with."""

    def make(self, name: str) -> Side:
        """One more of that name, not started yet."""

    def wishes(self, name: str) -> bool:
        """Whether a peer that is no side of its own, a proxy or the limit programs ("limits"), is to take part."""

    def leave_out(self, sentence: str) -> None:
        """Tells, once and in the report too, what can't be had."""

    def enter(self, server: AbstractContextManager) -> Any:
        """Enters it, to be left at the end of this workload; returns what it gives."""

    def load_command(self, *words: object) -> list[str]:
        """A command of the load, held to the core that the load has."""

    def pin(self, *sides: Side) -> None:
        """Holds all threads of all processes of these sides to the cores that servers have."""

    def pin_apart(self, side: Side, ids: list[int]) -> None:
        """Holds these threads to the cores that servers have, and all others of the side to the load's, until it is
        pinned again. Only where `is_pinned`."""

    def counting(self, groups: Groups) -> AbstractContextManager[dict[str, float]]:
        """Counts the instructions of some processes, by group, inside the `with`; behind it they are there. There are none
        where the machine does not let them be counted, which is told."""

    def meter(self, side: Side) -> "Meter":
        """CPU and memory of a side's processes from now on."""


class Meter(Protocol):
    def cpu(self) -> dict[str, float]:
        """CPU seconds by group since it was made."""

    def memory(self) -> dict[str, int]:
        """Bytes by group now."""


class Contestant(Protocol):
    """One line of a workload's table: a side under this load, or a limit program."""

    name: str
    version: str

    def measure(self, seconds: float) -> Sample:
        """Warms up, then measures once. Raises gateway.processes.Failure where there is nothing to tell."""


class Workload:
    """Several contestants that do the same thing."""

    # What --only says, and the heading of the table.
    name: str
    title: str
    # A sentence or two under the heading: what is done, and what a limit program leaves out.
    text: str = ""
    is_in_quick: bool = False
    # Whom the ratios are to.
    ours: str = "gatehouse"
    # What the columns of Sample.more say, in their order, with a format: {"admitted to allowed": "{:.3f}"}.
    columns: dict[str, str] = {}
    # Which columns of the usual ones say nothing here: "cpu", "latency", "rate", "memory".
    without: Sequence[str] = ()
    # What --list says of the contestants.
    names: Sequence[str] = ()

    def contestants(self, bench: Bench) -> list[Contestant]:
        """Those that can be had, ready: users, sessions and scripts are there. Called once."""
        raise NotImplementedError

    def compare(self, samples: dict[str, Sample]) -> None:
        """Fills in, after a round, what takes the samples of several contestants to say (Sample.more)."""


class Simple:
    """A contestant out of a name and a function."""

    def __init__(self, name: str, version: str, measure: Callable[[float], Sample]):
        self.name, self.version, self.measure = name, version, measure
