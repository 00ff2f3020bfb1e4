"""Sides that nobody has asked anything yet."""

import contextlib
import importlib
import itertools
from collections.abc import Iterator

from .gatehouse import Gatehouse, routes
from .side import Side
from .sides import PEERS
from .workload import Bench

_numbers = itertools.count(1)


@contextlib.contextmanager
def fresh(bench: Bench, name: str) -> Iterator[Side]:
    """One of its own, started now and ended afterwards."""
    folder = bench.scratch / f"fresh-{name}-{next(_numbers)}"
    folder.mkdir()
    folder.chmod(0o755)
    if name in PEERS:
        module, kind = PEERS[name]
        side = getattr(importlib.import_module(module), kind)(folder)
        # The walk through its duties was made by the one that the other workloads ask.
        side.is_checked = True
    else:
        side = Gatehouse(folder, name, routes())
    with side:
        yield side
