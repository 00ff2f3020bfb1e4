#!/usr/bin/env python3
"""Does every fault to a suite under load and checks that nothing is lost. deploy/faults runs it."""

import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import signal
import sys
from collections.abc import AsyncIterator

SHOWN = 12
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Benchmarks"))

import catalogue  # noqa: E402, the path above leads to what it needs
import report  # noqa: E402
from bench import Bench  # noqa: E402
from fault import Fault  # noqa: E402
from run import Outcome, run  # noqa: E402


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy/faults", description=__doc__, allow_abbrev=False)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these faults alone; NAME may be a beginning")
    parser.add_argument("--list", action="store_true", help="name the faults and what each is")
    parser.add_argument("--seconds", type=float, metavar="N", help="how long a fault lasts that is not over by itself")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--bin-dir", type=pathlib.Path, metavar="DIR", help="the executables; nothing is built then")
    parser.add_argument("--debug-build", action="store_true", help="take the debug build, which must be there")
    return parser.parse_args()


def chosen(names: list[str] | None) -> list[Fault]:
    if not names:
        return catalogue.FAULTS
    unknown = [name for name in names if not any(each.name.startswith(name) for each in catalogue.FAULTS)]
    if unknown:
        raise SystemExit(f"deploy/faults: no fault is named {', '.join(unknown)}; --list names them.")
    return [each for each in catalogue.FAULTS if any(each.name.startswith(name) for name in names)]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def run_all(bench: Bench, faults: list[Fault], seconds: float | None) -> AsyncIterator[Outcome]:
    await bench.prepare()
    for fault in faults:
        say(f"{fault.name}: {fault.title}")
        outcome = await run(bench, fault, seconds)
        for breach in outcome.breaches[:SHOWN]:
            say(f"  broken: {breach}")
        if len(outcome.breaches) > SHOWN:
            say(f"  broken: and {len(outcome.breaches) - SHOWN} more; --json has all")
        say(f"  {outcome.observed}")
        yield outcome


async def on_suite(kind: str, faults: list[Fault], seconds: float | None, outcomes: list[Outcome]) -> None:
    say(f"Starting a {kind} suite")
    # An interruption ends what is awaited, never what takes down the processes that were started.
    this = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, this.cancel)
    with catalogue.suite(kind) as suite:
        bench = Bench(suite)
        async for outcome in run_all(bench, faults, seconds):
            outcomes.append(outcome)


def main() -> int:
    arguments = options()
    faults = chosen(arguments.only)
    if arguments.list:
        for fault in faults:
            print(f"{fault.name:24}{fault.title}")
        return 0
    if arguments.bin_dir or arguments.debug_build:
        folder = arguments.bin_dir or HERE.parents[1] / ".build/debug"
        os.environ["GATEHOUSE_BIN_DIR"] = str(folder.resolve())
    outcomes: list[Outcome] = []
    for fault in faults:
        if reason := fault.unfit():
            outcomes.append(Outcome(fault.name, fault.title, skipped=reason))
    fit = [fault for fault in faults if not fault.unfit()]
    with contextlib.suppress(asyncio.CancelledError):
        for kind in dict.fromkeys(each.suite for each in fit):
            asyncio.run(on_suite(kind, [each for each in fit if each.suite == kind], arguments.seconds, outcomes))
    print(report.table(outcomes))
    if arguments.json:
        arguments.json.write_text(json.dumps(report.document(outcomes), indent=2) + "\n")
    done = [each for each in outcomes if not each.skipped]
    if len(outcomes) < len(faults):
        say(f"deploy/faults: {len(faults) - len(outcomes)} faults were not done.")
        return 2
    return 1 if any(each.breaches for each in done) else 0


if __name__ == "__main__":
    sys.exit(main())
