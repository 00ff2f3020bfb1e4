"""Every fault, in the order it is done, and the kinds of suite they are done to."""

import contextlib
import json
import pathlib
import tempfile
from collections.abc import Iterator

import callers
import clocks
import disk
import fault
import kills
import links
import overload
import stores
from proxied import ProxiedSuite
from suite import ROOT, Suite

GATEWAYS, TOKENS = 2, 3
QUOTA = 1_000_000
FAULTS: list[fault.Fault] = [
    *kills.FAULTS, *stores.FAULTS, *callers.FAULTS, *overload.FAULTS, *disk.FAULTS, *links.FAULTS, *clocks.FAULTS]


def routes(folder: pathlib.Path) -> pathlib.Path:
    """The route table with limits so high that the load does not meet them: they are counted all the same."""
    table = json.loads((ROOT / "deploy/routes.json").read_text())
    for policy in table["policies"].values():
        policy["quota"] = QUOTA
    path = folder / "routes.json"
    path.write_text(json.dumps(table))
    return path


@contextlib.contextmanager
def suite(kind: str) -> Iterator[Suite]:
    with tempfile.TemporaryDirectory(prefix="gatehouse-faults-") as folder:
        settings = {"RATE_LIMITS": "on", "ROUTES_FILE": str(routes(pathlib.Path(folder)))}
        match kind:
            case fault.PROXIED | fault.CLOCKED:
                made = ProxiedSuite(GATEWAYS, TOKENS, clocks=kind == fault.CLOCKED, **settings)
            case fault.SMALL_DISK:
                made = disk.SmallDiskSuite(GATEWAYS, TOKENS, **settings)
            case _:
                made = Suite(GATEWAYS, TOKENS, **settings)
        with made:
            yield made
