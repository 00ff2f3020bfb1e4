"""Every fault, in the order it is done, and the kinds of suite they are done to."""

import contextlib
from collections.abc import Iterator

import kills
from fault import PLAIN, Fault
from suite import Suite

GATEWAYS, TOKENS = 2, 3
FAULTS: list[Fault] = kills.FAULTS


@contextlib.contextmanager
def suite(kind: str) -> Iterator[Suite]:
    with Suite(GATEWAYS, TOKENS) as plain:
        yield plain
