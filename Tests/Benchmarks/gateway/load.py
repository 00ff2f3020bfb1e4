"""The loads: wrk for HTTP/1.1, h2load for HTTP/2, one thread each; what they and the processes say came of it."""

import contextlib
import dataclasses
import re
import subprocess
import time

from suite import quantile

from .door import ORIGIN, PATH
from .processes import Failure, cpu_seconds, finish, found, output_of, resident_bytes, started


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    title: str
    tool: str
    is_tls: bool
    connections: int
    # Requests under way at once on each connection.
    streams: int = 1


WORKLOADS = [
    Workload("h1-32", "HTTP/1.1, 32 connections", "wrk", False, 32),
    Workload("h1-512", "HTTP/1.1, 512 connections", "wrk", False, 512),
    Workload("h2-32", "HTTP/2 over TLS, 32 connections of 8 streams", "h2load", True, 32, 8),
    Workload("h2-512", "HTTP/2 over TLS, 512 connections of 1 stream", "h2load", True, 512),
    Workload("tls-32", "HTTP/1.1 over TLS, 32 connections", "wrk", True, 32),
]


@dataclasses.dataclass
class Load:
    """What came of one load. Latencies are in milliseconds."""

    requests: int
    requests_per_second: float
    p50: float
    p99: float
    # Requests that were not answered with 200, and what became of them.
    failed: int
    errors: list
    # CPU seconds of the proxy alone and of what is behind it.
    front: float = 0
    behind: float = 0
    # What was counted in the same time.
    counts: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Sample:
    """One load on one side; CPU in seconds per 1,000 requests, user and kernel."""

    workload: str
    side: str
    round: int
    front: float
    whole: float
    p50_ms: float
    p99_ms: float
    requests: int
    requests_per_second: float
    resident_bytes: int
    failed: int
    errors: list
    counts: dict


def versions():
    """Of the tools. wrk tells its version together with its usage, as if it had failed."""
    wrk_says = subprocess.run([found("wrk"), "-v"], capture_output=True, text=True).stdout.split()
    return [f"wrk {wrk_says[1]}" if len(wrk_says) > 1 else "wrk", output_of([found("h2load"), "--version"]).strip()]


def measure(workload, side, round_number, seconds, scratch, before=(), counting=None):
    """One sample. `before` are words of the command before the tool's, which hold it to a core, say; `counting` is a context
    that is entered for the time in which CPU is counted, and gives a dictionary that is filled by its end."""
    counting = counting or contextlib.nullcontext({})
    try:
        load = (_h2load(workload, side, seconds, scratch, before, counting) if workload.tool == "h2load" else
                _wrk(workload, side, seconds, before, counting))
        if not load.requests:
            raise Failure(f"no request was answered; {'; '.join(load.errors) or 'no error was told'}")
    except Failure as failure:
        raise Failure(f"{side.name}, {workload.name}, round {round_number}: {failure}") from None
    per = 1000 / load.requests
    return Sample(workload.name, side.name, round_number, load.front * per, (load.front + load.behind) * per, load.p50,
                  load.p99, load.requests, load.requests_per_second, resident_bytes(side.front), load.failed,
                  load.errors, load.counts)


def cpu(side):
    return cpu_seconds(side.front), cpu_seconds(side.behind)


def url(workload, side):
    return f"http{'s' if workload.is_tls else ''}://127.0.0.1:{side.port(workload.is_tls)}{PATH}"


# --- HTTP/1.1 ------------------------------------------------------------------------------------------------------


def wrk(workload, side, seconds, before=()):
    """One load without a look at CPU."""
    return parse_wrk(output_of([
        *before, found("wrk"), "-t", "1", "-c", str(workload.connections), "-d", f"{seconds}s", "--latency",
        "-H", f"Origin: {ORIGIN}", url(workload, side)]))


def _wrk(workload, side, seconds, before, counting):
    # What is new to the processes happens before the count.
    wrk(workload, side, 1, before)
    with counting as counts:
        earlier = cpu(side)
        load = wrk(workload, side, seconds, before)
        after = cpu(side)
    load.counts, load.front, load.behind = counts, after[0] - earlier[0], after[1] - earlier[1]
    return load


def parse_wrk(text):
    def milliseconds(percent):
        number, unit = _match(r"^ +%s%% +([0-9.]+)(us|ms|s|m) *$" % percent, text)
        return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]

    failed, errors = 0, []
    refused = re.search(r"^ *Non-2xx or 3xx responses: *(\d+)", text, re.MULTILINE)
    if refused:
        failed = int(refused[1])
        errors.append(f"{failed} answers that are not 2xx")
    broken = re.search(r"^ *Socket errors: (.*)$", text, re.MULTILINE)
    if broken:
        failed += sum(map(int, re.findall(r"\d+", broken[1])))
        errors.append(f"socket errors: {broken[1]}")
    return Load(int(_match(r"^ *(\d+) requests in ", text)[0]), float(_match(r"^Requests/sec: +([0-9.]+)", text)[0]),
                milliseconds(50), milliseconds(99), failed, errors)


# --- HTTP/2 --------------------------------------------------------------------------------------------------------


def _h2load(workload, side, seconds, scratch, before, counting):
    # Handshakes and all else that is new are over when the count begins; the log tells what was answered since.
    settling = 2 if workload.connections > 100 else 1
    log = scratch / "h2load.log"
    log.unlink(missing_ok=True)
    with started([*before, found("h2load"), "-t", "1", "-c", str(workload.connections), "-m", str(workload.streams),
                  "-D", f"{(settling + seconds) * 1000 + 1500}ms", "--log-file", log, "-H", f"origin: {ORIGIN}",
                  url(workload, side)]) as process:
        time.sleep(settling)
        with counting as counts:
            earlier, begin = cpu(side), time.time()
            time.sleep(seconds)
            after, stop = cpu(side), time.time()
        text = finish(process)
    load = parse_h2load(text, answered(log, begin, stop), stop - begin)
    load.counts, load.front, load.behind = counts, after[0] - earlier[0], after[1] - earlier[1]
    return load


def answered(log, begin, stop):
    """Milliseconds that the requests took that were answered in between, by h2load's log.

    Each line has the microsecond at which a request was sent, its status, and how many microseconds it took.
    """
    latencies = []
    with open(log, encoding="ascii") as lines:
        for line in lines:
            sent, _, took = line.split("\t")
            if begin * 1e6 <= int(sent) + int(took) < stop * 1e6:
                latencies.append(int(took) / 1000)
    return latencies


def parse_h2load(text, latencies, seconds):
    if not re.search(r"^Application protocol: h2$", text, re.MULTILINE):
        raise Failure(f"HTTP/2 was not what h2load and the server agreed on:\n{text.strip()}")
    # What was answered with another status than 2xx has failed, too.
    counts = re.findall(r"(\d+) (failed|errored|timeout)\b", _match(r"^requests: (.*)$", text)[0])
    failed = sum(int(count) for count, _ in counts)
    errors = []
    if failed:
        statuses = _match(r"^status codes: (.*)$", text)[0]
        errors.append(", ".join(f"{count} {what}" for count, what in counts) + f"; statuses: {statuses}")
    p50, p99 = (quantile(latencies, share) if latencies else 0 for share in (0.5, 0.99))
    return Load(len(latencies), len(latencies) / seconds, p50, p99, failed, errors)


def _match(pattern, text):
    match = re.search(pattern, text, re.MULTILINE)
    if not match:
        raise Failure(f"the load's report is not as it should be, {pattern!r} is not in it:\n{text.strip()}")
    return match.groups()
