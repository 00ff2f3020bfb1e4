#!/usr/bin/env python3
"""How many instructions one service takes for a request, in user mode, and in which functions.

Runs the workloads of deploy/benchmark on Gatehouse alone with that service under callgrind, which makes it some fifty times
as slow and counts alike within a few per cent whatever else the machine does: for before and after a change. Needs valgrind, and the
executables of a release build: swift build -c release --static-swift-stdlib
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from command import count, prepare, say
from suite import ROOT

from compare.callgrind import OneSide, Profiler, executables, readable
from compare.meter import Cores
from compare.workloads import WORKLOADS
from gateway.processes import Failure

PROGRAM = "Tests/Benchmarks/callgrind.py"
# Those whose loads count instructions.
NAMES = [each.name for each in WORKLOADS if each.name.startswith("echo-") or each.name in (
    "jwks", "login", "me", "refresh", "client-credentials", "introspect", "mixed", "mixed-signed-in")]


def options():
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("service", choices=["gateway", "identity", "token"])
    parser.add_argument("workloads", nargs="+", choices=NAMES, metavar="workload", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=count, default=10, metavar="N", help="seconds of each load (10)")
    parser.add_argument("--functions", type=count, default=30, metavar="N", help="how many functions are named (30)")
    chosen = parser.parse_args()
    for name in chosen.workloads:
        if chosen.service == "identity" and name.startswith("echo-"):
            parser.error(f"identity has no part in {name}")
    return chosen


def run(chosen, stack):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-callgrind-"))
    folder.chmod(0o755)
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    built = pathlib.Path(os.environ.get("GATEHOUSE_BIN_DIR", ROOT / ".build/release")).resolve()
    executables(folder, built, chosen.service)
    os.environ["GATEHOUSE_BIN_DIR"] = str(folder)
    cores = Cores()
    cores.hold_self()
    profiler = Profiler(folder, cores, OneSide(folder, [], stack, say), True, chosen.seconds, 10_000, 1000)
    for workload in (each() for each in WORKLOADS if each.name in chosen.workloads):
        for _ in profiler.measure([workload], 1, False):
            for sample in profiler.samples:
                show(chosen, sample, profiler.profile)


def show(chosen, sample, profile):
    each = sample.operations
    print(f"{sample.workload}: {profile.total / each:,.0f} instructions of {chosen.service} for each of {each:,} requests")
    top = profile.instructions.most_common(chosen.functions)
    for (function, used), name in zip(top, readable([function for function, _ in top])):
        print(f"{used / each:9,.0f} {used / profile.total:6.1%} {profile.calls[function] / each:8.2f} x  {name[:110]}")


def main():
    chosen = options()
    prepare()
    try:
        with contextlib.ExitStack() as stack:
            run(chosen, stack)
    except (Failure, OSError, subprocess.SubprocessError) as error:
        raise SystemExit(f"{PROGRAM}: {error}") from None


main()
