"""How many system calls a request takes: a sample apart from the others, as strace slows down what it looks at."""

import pathlib
import shutil
import signal
import time

from .load import WORKLOADS, wrk
from .processes import Failure, found, has_ended, started


def why_not():
    """A sentence where there can be no sample."""
    return None if shutil.which("strace") else "System calls are not counted: there is no strace."


def sample(side, scratch):
    """Calls per request of the proxy alone, all and by name, over a second of load on 32 connections."""
    report = scratch / "strace.txt"
    pids = [word for pid in side.front for word in ("-p", str(pid))]
    with started([found("strace"), "-f", "-c", "-o", report, *pids]) as process:
        until = time.monotonic() + 10
        while not all(map(_is_traced, side.front)):
            if has_ended(process):
                raise Failure(f"strace can't look at {side.name}: {process.stdout.read().strip()}")
            if time.monotonic() > until:
                raise Failure(f"strace does not get hold of {side.name}.")
            time.sleep(0.05)
        load = wrk(WORKLOADS[0], side, 1)
        process.send_signal(signal.SIGINT)
        # Ended by the signal that it was sent, once its report is written.
        process.communicate(timeout=30)
    if not load.requests:
        raise Failure(f"{side.name} answered no request while strace looked at it.")
    calls = parse(report.read_text())
    return {"requests": load.requests, "per_request": sum(calls.values()) / load.requests,
            "by_name": {name: count / load.requests for name, count in
                        sorted(calls.items(), key=lambda item: -item[1])[:6]}}


def _is_traced(pid):
    """All its threads are held."""
    return all("\nTracerPid:\t0\n" not in (task / "status").read_text()
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def parse(text):
    """Calls by name. The columns are share, seconds, microseconds a call, calls, errors (or nothing), name."""
    calls = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) in (5, 6) and words[3].isdigit() and words[-1] != "total":
            calls[words[-1]] = int(words[3])
    return calls
