#!/usr/bin/env python3
"""Gatehouse beside what one would pick instead, and beside what the machine allows: interleaved rounds of one run.

deploy/benchmark runs it, with what it needs of Python. All servers are started here, on spare ports with data of their
own, and taken down at the end; GATEHOUSE_BIN_DIR names Gatehouse's executables.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from command import count, prepare, say, undisturbed
from suite import ROOT

from compare import document as docs
from compare import report, sides
from compare.driver import Driver
from compare.meter import Cores
from compare.workloads import WORKLOADS
from gateway import load
from gateway.processes import Failure

PROGRAM = "deploy/benchmark"


def listed(names, what):
    """A type of options that take names, separated by commas; the beginning of a name means all that begin so."""
    def parse(text):
        if text == "none":
            return []
        chosen = set()
        for word in filter(None, text.split(",")):
            found = [name for name in names if name == word] or [name for name in names if name.startswith(word)]
            if not found:
                raise argparse.ArgumentTypeError(f"'{word}' is no {what}; there are {', '.join(names)}")
            chosen.update(found)
        return [name for name in names if name in chosen]
    return parse


def build(text):
    """A type of options that take a folder with executables."""
    folder = pathlib.Path(text).resolve()
    if not (folder / "gatehouse-gateway").is_file():
        raise argparse.ArgumentTypeError(f"there is no gatehouse-gateway in '{text}'")
    return folder


def options():
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", nargs="?", choices=["quick", "full"],
                        help="the most telling workloads, under 5 minutes, or all")
    parser.add_argument("--only", type=listed([each.name for each in WORKLOADS], "workload"), metavar="W,…",
                        help="these workloads alone; the beginning of a name means all that begin so")
    parser.add_argument("--list", action="store_true", help="name the workloads and who takes part")
    # For deploy/benchmark, before it builds anything.
    parser.add_argument("--check-options", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=count, metavar="N", help="rounds, each measuring everybody (quick 2, full 5)")
    parser.add_argument("--seconds", type=count, metavar="N", help="seconds of each load (quick 2, full 10)")
    parser.add_argument("--peers", type=listed(sides.NAMES, "peer"), default=list(sides.NAMES), metavar="P,…",
                        help=f"{','.join(sides.NAMES)} some of them, or none")
    parser.add_argument("--against", type=build, metavar="FOLDER",
                        help="beside the executables of another build, in this folder, where a workload asks a suite of Gatehouse's "
                             "(not users-…, tenants-…, start, connections, revocation, limit-accuracy)")
    parser.add_argument("--users", type=int, choices=[10_000, 100_000, 1_000_000, 10_000_000], default=1_000_000,
                        help="the most users of the full set's users-… (1000000); 10000000 take a quarter of an hour and 20 GB")
    parser.add_argument("--tenants", type=int, choices=[1000, 10_000, 100_000], default=10_000,
                        help="tenants of the full set's tenants-… (10000)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", default=ROOT / ".run/benchmark/compare.json",
                        help="where all figures go (.run/benchmark/compare.json)")
    parser.add_argument("--write-docs", action="store_true",
                        help="write tables and plots into docs/performance.md and docs/performance/")
    parser.add_argument("--from-json", type=pathlib.Path, nargs="+", metavar="FILE",
                        help="measure nothing, make tables and plots of the figures of an earlier run, or of several that "
                             "took different workloads")
    parser.add_argument("--no-pin", action="store_true", help="let servers and load share all cores")
    parser.add_argument("--keep-going", action="store_true", help="tell of requests that fail, but go on")
    chosen = parser.parse_args()
    if not (chosen.set or chosen.list or chosen.from_json):
        parser.error("say quick or full")
    if chosen.against and chosen.write_docs:
        parser.error("--write-docs is for one build, not with --against")
    return chosen


def chosen_workloads(chosen):
    is_quick = chosen.set == "quick"
    return [each for each in WORKLOADS
            if (each.name in chosen.only if chosen.only else each.is_in_quick or not is_quick)]


def show_list(workloads):
    for each in workloads:
        print(f"{each.name:<18}{'quick' if each.is_in_quick else '':<7}{each.title}: {'; '.join(each.names)}")


def run(chosen, stack):
    is_quick = chosen.set == "quick"
    rounds, seconds = chosen.rounds or (2 if is_quick else 5), chosen.seconds or (2 if is_quick else 10)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-compare-"))
    scratch.chmod(0o755)
    stack.callback(shutil.rmtree, scratch, ignore_errors=True)
    count_of_cores, cores = len(os.sched_getaffinity(0)), Cores(not chosen.no_pin)
    cores.hold_self()
    started = sides.Sides(scratch, chosen.peers, stack, say, chosen.against)
    driver = Driver(scratch, cores, started, is_quick, seconds, chosen.users, chosen.tenants)
    workloads = [each() for each in chosen_workloads(chosen)]
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    measured, tools = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), load.versions()
    document = {}
    # What is measured is kept, whatever becomes of the rest.
    for fields in driver.measure(workloads, rounds, chosen.keep_going):
        about = {
            "measured": measured, "set": chosen.set, "rounds": rounds, "seconds": seconds, "cores": count_of_cores,
            "pinning": cores.sentence(), "memory": "resident, where there are several processes " + (
                "the proportional set size" if driver.is_proportional else "with what they share counted for each"),
            "against": str(chosen.against) if chosen.against else None, "tools": tools, "left_out": started.left_out, "is_whole": driver.is_whole,
        }
        done = [each for each in workloads if each.name in fields]
        document = report.document(about, done, fields, driver.samples)
        chosen.json.write_text(json.dumps(document, indent=2) + "\n")
    if not document:
        raise Failure("nothing was measured.")
    return document


def main():
    chosen = options()
    if chosen.check_options:
        return
    if chosen.list:
        show_list(chosen_workloads(chosen))
        return
    prepare()
    try:
        if chosen.from_json:
            document = report.merged([json.loads(file.read_text()) for file in chosen.from_json],
                                     [each.name for each in WORKLOADS])
        else:
            with contextlib.ExitStack() as stack:
                try:
                    document = run(chosen, stack)
                finally:
                    undisturbed()
            say(f"All figures are in {chosen.json}")
        if chosen.write_docs:
            # What it needs of Python is not needed without.
            from compare import plots

            plots.draw(document, docs.PICTURES)
            docs.write(document)
        else:
            print(report.markdown(document))
        if not document["is_whole"]:
            raise SystemExit(1)
    except subprocess.CalledProcessError as error:
        said = [error.stderr.strip()] if error.stderr else []
        raise SystemExit("\n".join([f"{PROGRAM}: {error}", *said])) from None
    except (Failure, OSError) as error:
        raise SystemExit(f"{PROGRAM}: {error}") from None


main()
