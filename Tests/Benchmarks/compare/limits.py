"""Limit programs: what the machine allows for the heart of a workload alone. In C, in ../limits, built with cc."""

import json
import os
import pathlib
import subprocess
from collections.abc import Callable

from gateway.processes import Failure, Server, output_of
from suite import ROOT, spare_ports

from .load import Calls
from .sample import Sample
from .side import Call, Side
from .workload import Bench, Contestant

SOURCES = ROOT / "Tests/Benchmarks/limits"
HASH_MEMORY = ROOT / "Shared/HashMemory"
# What each is built from beside its source.
PARTS = {"static": [], "sign": ["-lcrypto"],
         "hash": ["-I", HASH_MEMORY / "include", HASH_MEMORY / "HashMemory.c", "-lsodium"]}


def folder() -> pathlib.Path:
    run = pathlib.Path(os.environ.get("GATEHOUSE_RUN_DIR") or ROOT / ".run")
    return (run if run.is_absolute() else pathlib.Path.cwd() / run) / "benchmark"


def built(name: str) -> pathlib.Path:
    """The program, built where it is older than its source."""
    source, program = SOURCES / f"{name}.c", folder() / name
    newest = max(file.stat().st_mtime for place in (SOURCES, HASH_MEMORY) for file in place.rglob("*.[ch]"))
    if not program.exists() or program.stat().st_mtime < newest:
        program.parent.mkdir(parents=True, exist_ok=True)
        command = ["cc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o", program, source, *PARTS[name]]
        try:
            made = subprocess.run(command, capture_output=True, text=True)
        except FileNotFoundError:
            raise Failure("there is no C compiler, 'cc'.") from None
        if made.returncode:
            raise Failure(f"cc can't build it:\n{made.stderr.strip()}")
    return program


def offered(bench: Bench, name: str, make: Callable[[], Contestant]) -> list[Contestant]:
    """The limit program, or nothing where it is not wished for or can't be had."""
    if not bench.wishes("limits"):
        return []
    try:
        return [make()]
    except Failure as failure:
        bench.leave_out(f"{name} is left out: {failure}")
        return []


class StaticServer(Side):
    """Answers a constant of so many bytes to whatever it is asked."""

    name, version = "limit: static server", "limit programs of Tests/Benchmarks/limits"

    def __init__(self, scratch: pathlib.Path, size: int):
        self.port = spare_ports(1)[0]
        self.server = Server("static", [built("static"), str(self.port), str(size)], scratch)
        self.groups = {"server": self.server.family}

    def __enter__(self) -> "StaticServer":
        return self

    def __exit__(self, *error: object) -> None:
        self.server.__exit__(*error)

    def offers(self, what: str) -> bool:
        return True

    def call(self, what: str, **values: str) -> Call:
        return Call("GET", "/")


def static_server(bench: Bench, label: str, connections: int, size: int) -> list[Contestant]:
    """A server of answers of that size, under that load."""
    def make() -> Contestant:
        server = bench.enter(StaticServer(bench.scratch, size))
        return Calls(bench, server, label, connections, lambda side: [side.call(label)])

    return offered(bench, StaticServer.name, make)


class Loop:
    """A program that does one thing for some seconds and tells what it took (limits/loop.h), on the servers' cores."""

    version = StaticServer.version

    def __init__(self, name: str, program: str, *arguments: str):
        self.name, self.command = name, [built(program), *arguments]

    def measure(self, seconds: float) -> Sample:
        said = json.loads(output_of([*self.command, str(seconds)]))
        return Sample(said["operations"], said["seconds"], {"loop": said["cpu"]})


def loop(bench: Bench, name: str, program: str, *arguments: str) -> list[Contestant]:
    return offered(bench, name, lambda: Loop(name, program, *arguments))
