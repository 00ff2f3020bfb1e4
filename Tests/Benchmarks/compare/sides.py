"""Which sides there are."""

import contextlib
import importlib
import pathlib
import tempfile
from collections.abc import Callable, Iterable, Iterator

from gateway.processes import Failure

from .gatehouse import Gatehouse, routes, tight_routes
from .load import file_name
from .side import Side

# Peers by module and class, loaded when they are wanted: what they need of Python is not needed without them.
PEERS = {
    "fastapi": ("compare.peers.fastapi", "FastAPI"),
    "glewlwyd": ("compare.peers.glewlwyd", "Glewlwyd"),
}
# Gatehouse with other settings than by itself, each a suite of its own that ends with the workload that asked for it.
VARIANTS = {
    "gatehouse, no cache": {"PROFILE_CACHE_SIZE": "0"},
    "gatehouse, no limits": {"RATE_LIMITS": "off"},
    "gatehouse, strict limit": {"table": lambda: routes(echo={"quota": 60_000_000, "window_seconds": 60})},
    # Redis may be slow on a busy machine; a limit that is decided without it is another one.
    "two gateways": {"table": tight_routes, "gateways": 2, "REDIS_TIMEOUT": "10s"},
    "gatehouse, Redis stopped": {},
}
# Gatehouse of other executables, which runs as long as Gatehouse itself.
ANOTHER = "gatehouse, another build"
# Where many users or tenants are compared with few, the tables are what counts: nothing is answered from memory.
SIZED = {"PROFILE_CACHE_SIZE": "0"}
PROXIES = ("nginx", "haproxy", "caddy")
LIMITS = "limits"
# What --peers may name.
NAMES = (*PEERS, *PROXIES, LIMITS)


class Sides:
    """Sides that run, each started when it is first asked for."""

    def __init__(self, scratch: pathlib.Path, wanted: list[str], stack: contextlib.ExitStack,
                 say: Callable[[str], None], against: pathlib.Path | None = None):
        """`against` is the folder with the executables of another build."""
        self.scratch, self.wanted, self.stack, self.say, self.against = scratch, wanted, stack, say, against
        self.running: dict[str, Side | None] = {}
        # Sentences about those that can't be had.
        self.left_out: list[str] = []
        # What ends with the workload that is being measured.
        self.passing = contextlib.ExitStack()

    @contextlib.contextmanager
    def one_workload(self) -> Iterator[None]:
        """Variants, and what else is entered in it, end with it; Gatehouse and its peers stay for the next."""
        with contextlib.ExitStack() as self.passing:
            yield
        for name in VARIANTS:
            self.running.pop(name, None)

    def get(self, name: str) -> Side | None:
        """The side, or nothing where it is not wished for or can't be had; Gatehouse has to be there."""
        if name in self.running:
            return self.running[name]
        self.running[name] = None
        if name in PEERS and name not in self.wanted:
            return None
        self.say(f"Starting {name}")
        try:
            stack = self.passing if name in VARIANTS else self.stack
            self.running[name] = stack.enter_context(self.make(name))
        except (Failure, ImportError) as failure:
            if name not in PEERS:
                raise
            self.leave_out(f"{name} is left out: {failure}")
        return self.running[name]

    def with_another_build(self, names: Iterable[str]) -> list[str]:
        """The names, and behind Gatehouse's that of another build, where one is to be compared with."""
        beside = {"gatehouse": [ANOTHER]} if self.against else {}
        return [each for name in names for each in (name, *beside.get(name, []))]

    def make(self, name: str) -> Side:
        """One more, not started yet. It keeps its files in a folder of its own in `scratch`."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix=file_name(name) + "-", dir=self.scratch))
        # Postgres' user has to pass through it.
        folder.chmod(0o755)
        if name in PEERS:
            module, kind = PEERS[name]
            return getattr(importlib.import_module(module), kind)(folder)
        settings = dict(VARIANTS.get(name, SIZED if name.endswith((" users", " tenant", " tenants")) else {}))
        if name == ANOTHER:
            settings["GATEHOUSE_BIN_DIR"] = str(self.against)
        return Gatehouse(folder, name, settings.pop("table", routes)(), **settings)

    def leave_out(self, sentence: str) -> None:
        if sentence not in self.left_out:
            self.left_out.append(sentence)
            self.say(sentence)
