"""Which sides there are."""

import contextlib
import importlib
import pathlib
from collections.abc import Callable

from gateway.processes import Failure

from .gatehouse import Gatehouse
from .side import Side

# Peers by module and class, loaded when they are wanted: what they need of Python is not needed without them.
PEERS = {
    "fastapi": ("compare.peers.fastapi", "FastAPI"),
    "glewlwyd": ("compare.peers.glewlwyd", "Glewlwyd"),
}
# Gatehouse with another setting than it has by itself.
VARIANTS = {
    "gatehouse, no cache": {"PROFILE_CACHE_SIZE": "0"},
    "gatehouse, no limits": {"RATE_LIMITS": "off"},
}
PROXIES = ("nginx", "haproxy", "caddy")
LIMITS = "limits"
# What --peers may name.
NAMES = (*PEERS, *PROXIES, LIMITS)


class Sides:
    """Sides that run, each started when it is first asked for, all ended together."""

    def __init__(self, scratch: pathlib.Path, wanted: list[str], stack: contextlib.ExitStack,
                 say: Callable[[str], None]):
        self.scratch, self.wanted, self.stack, self.say = scratch, wanted, stack, say
        self.running: dict[str, Side | None] = {}
        # Sentences about those that can't be had.
        self.left_out: list[str] = []

    def get(self, name: str) -> Side | None:
        """The side, or nothing where it is not wished for or can't be had. Without Gatehouse there is nothing to compare."""
        if name in self.running:
            return self.running[name]
        self.running[name] = None
        if name in PEERS and name not in self.wanted:
            return None
        self.say(f"Starting {name}")
        try:
            self.running[name] = self.stack.enter_context(self._make(name))
        except (Failure, ImportError) as failure:
            if name not in PEERS:
                raise
            self.leave_out(f"{name} is left out: {failure}")
        return self.running[name]

    def leave_out(self, sentence: str) -> None:
        if sentence not in self.left_out:
            self.left_out.append(sentence)
            self.say(sentence)

    def _make(self, name: str) -> Side:
        if name in PEERS:
            module, kind = PEERS[name]
            folder = self.scratch / name
            folder.mkdir()
            folder.chmod(0o755)
            return getattr(importlib.import_module(module), kind)(folder)
        return Gatehouse(self.scratch, name, **VARIANTS.get(name, {}))
