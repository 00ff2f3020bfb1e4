#!/usr/bin/env python3
"""What the gateway costs beside nginx, HAProxy and Caddy, which do the same job with the same payload in the same run.

The job: count requests per address against a limit, add the fields of CORS and security, number the request, hand it to
an origin over kept connections. The origin is the echo route of the token service, for the peers an nginx that answers
a constant of the same size. A Gatehouse of its own is started by deploy/up on spare ports and taken down at the end;
GATEHOUSE_BIN_DIR is honoured. CPU is utime + stime of the processes' own time (/proc/PID/stat).
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

from gateway import load, ours, peers, report, syscalls
from gateway.door import ask, check_ours
from gateway.processes import Failure, install_packages, output_of

PROGRAM = "Tests/Benchmarks/gateway.py"


def listed(names, what):
    """A type of options that take names, separated by commas."""
    def parse(text):
        words = [word for word in text.split(",") if word]
        for word in words:
            if word not in names:
                raise argparse.ArgumentTypeError(f"'{word}' is no {what}; there are {', '.join(names)}")
        if not words:
            raise argparse.ArgumentTypeError(f"it needs a {what} or several, separated by commas")
        return [name for name in names if name in words]
    return parse


def options():
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
        epilog="Workloads:\n" + "\n".join(f"  {each.name:<8}{each.title}" for each in load.WORKLOADS))
    names = [each.name for each in load.WORKLOADS]
    parser.add_argument("--rounds", type=count, metavar="N", help="rounds, each measuring every side (3)")
    parser.add_argument("--seconds", type=count, metavar="N", help="seconds of each load (4)")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 2 s: under 3 minutes, to see that it works")
    parser.add_argument("--only", type=listed(names, "workload"), default=names, metavar="LIST",
                        help="workloads, separated by commas")
    parser.add_argument("--peers", type=listed(peers.NAMES, "peer"), default=list(peers.NAMES), metavar="LIST",
                        help="nginx,haproxy,caddy or some of them")
    parser.add_argument("--syscalls", action="store_true", help="also count system calls, in a sample of its own")
    parser.add_argument("--keep-going", action="store_true", help="tell of requests that fail, but go on")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", default=ROOT / ".run/benchmark/gateway.json",
                        help="where the figures go too (.run/benchmark/gateway.json)")
    chosen = parser.parse_args()
    chosen.rounds = chosen.rounds or (2 if chosen.quick else 3)
    chosen.seconds = chosen.seconds or (2 if chosen.quick else 4)
    return chosen


def measure(chosen, workloads, sides, scratch):
    """All samples. In each round every load meets every side, and another side goes first."""
    samples = []
    for number in range(chosen.rounds):
        first = number % len(sides)
        for workload in workloads:
            for side in sides[first:] + sides[:first]:
                sample = load.measure(workload, side, number + 1, chosen.seconds, scratch)
                samples.append(sample)
                say(f"  round {number + 1}  {workload.name:<8}{side.name:<10}"
                    f"{sample.requests_per_second:>8.0f} requests/s{sample.front:>9.4f} CPU s per 1,000")
                if sample.errors:
                    text = f"{side.name}, {workload.name}, round {number + 1}: {'; '.join(sample.errors)}"
                    if not chosen.keep_going:
                        raise Failure(f"{text}. --keep-going measures all the same.")
                    say(f"{PROGRAM}: {text}")
    return samples


def count_calls(chosen, sides, scratch):
    """System calls of each side by its name; nothing where it is not wished for or not possible."""
    reason = syscalls.why_not()
    if not chosen.syscalls or reason:
        if chosen.syscalls:
            say(reason)
        return {}
    calls = {}
    for side in sides:
        try:
            calls[side.name] = syscalls.sample(side, scratch)
        except Failure as failure:
            say(f"System calls are not counted: {failure}")
            break
    return calls


def run(chosen, stack):
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-gateway-"))
    stack.callback(shutil.rmtree, scratch, ignore_errors=True)
    install_packages(scratch / "packages")
    files = peers.certificate(scratch)
    workloads = [each for each in load.WORKLOADS if each.name in chosen.only]

    say("Starting Gatehouse; deploy/up builds it first unless GATEHOUSE_BIN_DIR names the executables")
    suite = stack.enter_context(ours.suite(scratch, *files[:2]))
    gatehouse = ours.side(suite)
    answer = ask(gatehouse.plain, False)
    check_ours(answer)
    check_ours(ask(gatehouse.tls, True))
    cores = len(os.sched_getaffinity(0))
    sides = [gatehouse, *stack.enter_context(peers.running(chosen.peers, scratch, cores, answer, files))]

    say(f"{', '.join(side.version for side in sides)}; {report.rounds(chosen.rounds, chosen.seconds)}, {cores} cores")
    samples = measure(chosen, workloads, sides, scratch)
    about = {
        "measured": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "cores": cores,
        "round_count": chosen.rounds, "seconds_per_load": chosen.seconds, "response_bytes": len(answer.body),
        "fields": [name for name, _ in answer.fields], "tools": load.versions(),
    }
    return report.document(about, workloads, sides, samples, count_calls(chosen, sides, scratch))


def main():
    chosen = options()
    prepare()
    try:
        with contextlib.ExitStack() as stack:
            try:
                document = run(chosen, stack)
            finally:
                undisturbed()
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(document, indent=2) + "\n")
    except (Failure, subprocess.CalledProcessError, OSError) as error:
        raise SystemExit(f"{PROGRAM}: {error}") from None
    print(report.markdown(document))
    say(f"written to {chosen.json}")


main()
