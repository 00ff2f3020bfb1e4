"""wrk with the scripts of lua/: one thread, and what came of it as JSON."""

import json
import pathlib
import re
from collections.abc import Iterable, Sequence

from gateway.processes import Failure, finish, found, started

from .sample import Sample
from .side import Call
from .workload import Bench

LUA = pathlib.Path(__file__).with_name("lua")
# Stands in a call for the token that a script puts there.
TOKEN = "@token@"


def head(call: Call) -> str:
    """The head of a request, up to its Content-Length."""
    lines = [f"{call.method} {call.path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in call.headers.items()]
    return "".join(line + "\r\n" for line in lines)


def text(call: Call) -> str:
    """A whole request."""
    if call.body is None:
        return head(call) + "\r\n"
    return f"{head(call)}Content-Length: {len(call.body.encode())}\r\n\r\n{call.body}"


def write_records(path: pathlib.Path, records: Iterable[str]) -> pathlib.Path:
    """As lua/report.lua reads them: a line with the length, then so many bytes."""
    with path.open("wb") as file:
        for record in records:
            payload = record.encode()
            file.write(b"%d\n%s" % (len(payload), payload))
    return path


def write_lines(path: pathlib.Path, lines: Iterable[object]) -> pathlib.Path:
    with path.open("w") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path


def write_template(path: pathlib.Path, call: Call) -> pathlib.Path:
    """A call in which TOKEN stands where the token is to be."""
    if call.body is None:
        raise Failure(f"{call.method} {call.path} has no body for a token.")
    return write_records(path, [head(call), call.body])


class Outcome:
    """What wrk said at the end. Latencies are in milliseconds."""

    def __init__(self, output: str):
        line = re.search(r"^JSON (\{.*\})$", output, re.MULTILINE)
        if not line:
            raise Failure(f"wrk's report is not as it should be:\n{output.strip()}")
        said = json.loads(line[1])
        # A load that ends before its time tells less.
        self.requests: int = said["requests"]
        self.seconds: float = said.get("microseconds", 0) / 1e6
        self.p50, self.p99, self.p999 = (said.get(name, 0) / 1000 for name in ("p50", "p99", "p999"))
        self.taken, self.replayed, self.matched = (said.get(name, 0) for name in ("taken", "replayed", "matched"))
        # By status, where the script looks at answers; else all that are above 399 together.
        self.statuses = {int(status): count for status, count in said["statuses"].items()}
        self.refused: int = said.get("status", 0)
        self.errors = {f"{name} error": said[name] for name in ("connect", "read", "write") if said.get(name)}
        if said.get("timeout"):
            self.errors["no answer in 2 s"] = said["timeout"]

    def faults(self, *expected: int) -> dict[str, int]:
        """What must not happen: socket errors, and statuses that are neither below 400 nor expected."""
        if not self.statuses:
            return self.errors | ({"status above 399": self.refused} if self.refused else {})
        wrong = {f"status {status}": count for status, count in self.statuses.items()
                 if status > 399 and status not in expected}
        return self.errors | wrong

    def sample(self, cpu: dict[str, float], errors: dict[str, int], refused: int = 0) -> Sample:
        if not self.requests:
            raise Failure(f"no request was answered; {errors or 'no error was told'}")
        return Sample(self.requests, self.seconds, cpu, self.p50, self.p99, self.p999, errors, refused)


def run(bench: Bench, port: int, script: str, connections: int, seconds: float, arguments: Sequence[object],
        scheme: str = "http") -> Outcome:
    """One load. Latencies are those of callers who ask again at once."""
    command = bench.load_command(
        found("wrk"), "-t", 1, "-c", connections, "-d", f"{max(1, round(seconds))}s", "-s", LUA / f"{script}.lua",
        f"{scheme}://127.0.0.1:{port}/", "--", *arguments)
    with started(command) as process:
        return Outcome(finish(process, timeout=seconds + 120))
