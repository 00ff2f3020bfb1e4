"""How soon a process that is started answers."""

import contextlib
import os
import pathlib
import statistics
import time
from collections.abc import Callable

from gateway.processes import Failure, Server
from suite import spare_ports

from ..asking import status
from ..gatehouse import Gatehouse
from ..sample import Sample
from ..workload import Bench, Contestant, Simple, Workload

_PROCESSES = ("gateway", "identity", "token", "admin")
_STARTS = 3
_PATIENCE = 60


def milliseconds(start: Callable[[int], Server], path: str, count: int = 1) -> float:
    """From the first of so many programs being started until all are ready; they are ended again."""
    ports = spare_ports(count)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        waiting = {port: stack.enter_context(start(port)) for port in ports}
        while waiting:
            for port in [port for port in waiting if status(port, path, timeout=5) in (200, 204)]:
                del waiting[port]
            if time.monotonic() - began > _PATIENCE:
                raise next(iter(waiting.values())).failure("is not ready")
            time.sleep(0.002)
        return (time.monotonic() - began) * 1000


def another(side: Gatehouse, name: str, folder: pathlib.Path, port: int) -> Server:
    """A further instance of a process that runs, with the same settings but for where it listens."""
    pid = int((side.suite.folder / "state" / f"{name}.pid").read_text().split()[0])
    words = pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    environment = dict(word.split("=", 1) for word in words if "=" in word)
    ops, tls = spare_ports(2)
    environment |= {"PORT": str(port), "OPS_PORT": str(ops), "TLS_PORT": str(tls), "LOG_LEVEL": "error"}
    program = os.readlink(f"/proc/{pid}/exe")
    if not program.endswith(f"gatehouse-{name}"):
        raise Failure(f"the process of {name} is {program}.")
    return Server(f"start-{name}", [program], folder, environment)


class Start(Workload):
    name = "start"
    title = "From start to readiness"
    text = (f"The stores run already. The time from starting the program until it says that it is ready, median of "
            f"{_STARTS} starts; of Gatehouse all four processes at once, then each by itself.")
    columns = {"ms": "{:.0f}"}
    without = ("cpu", "latency", "rate", "memory")
    names = ("gatehouse", *(f"gatehouse: {name}" for name in _PROCESSES), "fastapi", "glewlwyd")

    def contestants(self, bench: Bench) -> list[Contestant]:
        def contestant(name: str, version: str, once: Callable[[], float]) -> Contestant:
            def measure(_: float) -> Sample:
                times = [once() for _ in range(_STARTS)]
                return Sample(_STARTS, sum(times) / 1000, {}, more={"ms": statistics.median(times)})
            return Simple(name, version, measure)

        ours = bench.side("gatehouse")

        def together() -> float:
            names = iter(_PROCESSES)
            return milliseconds(lambda port: another(ours, next(names), bench.scratch, port), "/health/readiness",
                                len(_PROCESSES))

        def alone(name: str) -> Callable[[], float]:
            return lambda: milliseconds(lambda port: another(ours, name, bench.scratch, port), "/health/readiness")

        found = [contestant("gatehouse", ours.version, together)]
        found += [contestant(f"gatehouse: {name}", ours.version, alone(name)) for name in _PROCESSES]
        for name, path in (("fastapi", "/health"), ("glewlwyd", "/config")):
            side = bench.side(name)
            if side:
                found.append(contestant(name, side.version, lambda side=side, path=path: milliseconds(side.start, path)))
        return found
