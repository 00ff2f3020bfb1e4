"""Sides that nobody has asked anything yet."""

import contextlib
from collections.abc import Iterator

from .side import Side
from .workload import Bench


@contextlib.contextmanager
def fresh(bench: Bench, name: str) -> Iterator[Side]:
    """One of its own, started now and ended afterwards."""
    side = bench.make(name)
    # The walk through its duties was made by the one that the other workloads ask.
    side.is_checked = True
    with side:
        yield side
