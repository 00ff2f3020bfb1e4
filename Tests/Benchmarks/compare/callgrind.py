"""One service under callgrind, which counts its instructions in user mode and by function, whatever else the machine does.
What differs from run to run is how many requests each turn of an event loop finds: a few per cent.
"""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator

from gateway.processes import Failure, found

from .driver import Driver
from .meter import Groups
from .side import Side
from .sides import Sides

_PATIENCE = 20


class Profile:
    """What one dump says: instructions and calls by function, without what the functions call."""

    def __init__(self, text: str):
        self.instructions: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        names: dict[str, str] = {}
        function, is_call = "", False

        def name(reference: str) -> str:
            # Each name is told once, behind its number.
            number, _, told = reference.partition(" ")
            return names.setdefault(number, told or number)

        for line in text.splitlines():
            key, found, value = line.partition("=")
            if found and key == "fn":
                function = name(value)
            elif found and key == "cfn":
                called = name(value)
            elif found and key == "calls":
                self.calls[called] += int(value.split()[0])
                is_call = True
            elif line and line[0] in "+-*0123456789":
                # Behind a call stands what it cost, which is in its function's own lines too.
                if not is_call:
                    self.instructions[function] += int(line.split()[1])
                is_call = False

    @property
    def total(self) -> int:
        return self.instructions.total()


class OneSide(Sides):
    """Gatehouse as it is delivered, and nobody else."""

    def get(self, name: str) -> Side | None:
        return super().get(name) if name == "gatehouse" else None


class Profiler(Driver):
    """Counts under callgrind instead of by perf; `profile` is what it counted last."""

    @contextlib.contextmanager
    def counting(self, groups: Groups) -> Iterator[dict[str, float]]:
        processes = [pid for pids in groups.values() for pid in pids() if "--tool=callgrind" in _words(pid, "cmdline")]
        if len(processes) != 1:
            raise Failure(f"there are {len(processes)} processes under callgrind")
        self._control(processes[0], "--zero")
        yield {}
        self._control(processes[0], "--dump=counted")
        self.profile = Profile(self._dump(processes[0]).read_text())

    def _control(self, process: int, order: str) -> None:
        # It finds a process by a name of the file between them, in which the environment of both has a part.
        host = next((word.split("=", 1)[1] for word in _words(process, "environ") if word.startswith("HOST=")), None)
        environment = {**os.environ, "LOGNAME": "callgrind", **({"HOST": host} if host else {})}
        said = subprocess.run(
            [found("callgrind_control"), f"--vgdb-prefix={self.scratch / 'vgdb'}", order, str(process)], env=environment,
            capture_output=True, text=True, check=False, timeout=_PATIENCE)
        if "OK" not in said.stdout:
            raise Failure(f"callgrind_control: {said.stdout} {said.stderr}")

    def _dump(self, process: int) -> pathlib.Path:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            dumps = sorted(self.scratch.glob(f"out.{process}.*"), key=lambda file: int(file.suffix[1:]))
            if dumps and "totals:" in dumps[-1].read_text():
                return dumps[-1]
            time.sleep(0.1)
        raise Failure("callgrind has written nothing")


def _words(process: int, what: str) -> list[str]:
    try:
        return pathlib.Path(f"/proc/{process}/{what}").read_text().split("\0")
    except OSError:
        # It has ended since it was named.
        return []


def executables(folder: pathlib.Path, built: pathlib.Path, service: str) -> None:
    """Those that are built, in a folder of their own, with that service under callgrind."""
    for program in built.glob("gatehouse*"):
        if program.is_file() and os.access(program, os.X_OK):
            (folder / program.name).symlink_to(program)
    name = f"gatehouse-{service}"
    script, stripped = folder / name, folder / f"{name}.stripped"
    if not script.exists():
        raise Failure(f"there is no {name} in {built}")
    script.unlink()
    # Valgrind does not understand the debugging information; names of functions are elsewhere.
    subprocess.run([found("strip"), "--strip-debug", "-o", stripped, built / name], check=True)
    script.write_text(
        f"#!/bin/sh\nLOGNAME=callgrind exec {found('valgrind')} --tool=callgrind --callgrind-out-file={folder}/out.%p "
        f"--vgdb-prefix={folder}/vgdb --log-file={folder}/log {stripped} \"$@\"\n")
    script.chmod(0o755)


def readable(names: list[str]) -> list[str]:
    """Swift's names as they stand in the source, where there is a Swift."""
    # A copy of a function for one of its callers has that one's name behind an apostrophe.
    plain = [name.split("'")[0] for name in names]
    if not shutil.which("swift"):
        return plain
    said = subprocess.run(["swift", "demangle", "--simplified"], input="\n".join(plain), text=True, capture_output=True,
                          check=True).stdout.splitlines()
    return [re.sub(r"\s+", " ", line) for line in said]
