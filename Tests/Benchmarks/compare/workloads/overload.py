"""More logins than can be hashed, while people who are signed in go about their business."""

from gateway.processes import Failure
from suite import quantile

from .. import wrk
from ..limits import StaticServer, offered
from ..load import access_tokens, run_program
from ..sample import Sample
from ..side import Side
from ..workload import Bench, Contestant, Workload

_TIMES, _CALLERS, _READS, _USERS = 3, 4, 100, 500
# About as many as one core refuses while it hashes.
_REFUSALS = 100
_SETTLE = 1.0


class Crowd:
    """One side: the reads alone, with as many logins as there can be, and with three times as many."""

    def __init__(self, bench: Bench, side: Side):
        self.bench, self.side = bench, side
        self.name, self.version = side.name, side.version
        self.logins = [wrk.text(side.call("login", user=user.name, password=user.password))
                       for user in side.users(_USERS)]

    def measure(self, seconds: float) -> Sample:
        self.reads = {"name": "me", "per_second": _READS, "requests": [
            wrk.text(self.side.call("me", access=token)) for token in access_tokens(self.bench, self.side, 32)]}
        self.bench.pin(self.side)
        quiet = self.run(seconds, [self.reads])
        alone = self.run(seconds, [self.reads, {"name": "login", "callers": _CALLERS, "requests": self.logins}])
        capacity = len(alone["login"].get("200", [])) / seconds
        if not capacity:
            raise Failure(f"nobody could log in: {counts(alone['login'])}")
        meter = self.bench.meter(self.side)
        then = self.run(seconds, [self.reads, {
            "name": "login", "per_second": _TIMES * capacity, "requests": self.logins}])
        cpu, memory = meter.cpu(), meter.memory()
        return sample(seconds, capacity, quiet["me"], then, cpu, memory)

    def run(self, seconds: float, streams: list[dict]) -> dict[str, dict[str, list[float]]]:
        return paced(self.bench, self.side, seconds, streams)


class Floor:
    """A server that answers at once, under as many reads and as many others as are refused: what is the load's own of each
    time, from when a request was due."""

    name, version = StaticServer.name, StaticServer.version

    def __init__(self, bench: Bench):
        self.bench, self.side = bench, bench.enter(StaticServer(bench.scratch, 200))

    def measure(self, seconds: float) -> Sample:
        self.bench.pin(self.side)
        requests = [wrk.text(self.side.call("me"))]
        reads = {"name": "me", "per_second": _READS, "requests": requests}
        quiet = paced(self.bench, self.side, seconds, [reads])
        meter = self.bench.meter(self.side)
        then = paced(self.bench, self.side, seconds, [
            reads, {"name": "refusal", "per_second": _REFUSALS, "requests": requests}])
        answers = then["refusal"]["200"]
        return Sample(len(answers), seconds, meter.cpu(), memory=meter.memory(),
                      more=latencies(quiet["me"], then["me"], answers))


def paced(bench: Bench, side: Side, seconds: float, streams: list[dict]) -> dict[str, dict[str, list[float]]]:
    """Of each stream by status how many milliseconds each answer took."""
    return run_program(bench, "pace.py", {
        "port": side.port, "settle": _SETTLE, "seconds": seconds, "streams": streams})


def latencies(quiet: dict[str, list[float]], then: dict[str, list[float]], refused: list[float]) -> dict[str, float]:
    """Of those that were answered as they should, by column."""
    found = {"refusal": refused, "me quiet": quiet.get("200"), "me then": then.get("200")}
    return {f"{name} {title} ms": quantile(times, share) for name, times in found.items() if times
            for share, title in ((0.5, "p50"), (0.99, "p99"))}


def counts(answers: dict[str, list[float]]) -> dict[str, int]:
    return {outcome: len(times) for outcome, times in answers.items()}


def sample(seconds: float, capacity: float, quiet: dict[str, list[float]], then: dict[str, dict[str, list[float]]],
           cpu: dict[str, float], memory: dict[str, int]) -> Sample:
    """What came of the three loads; only refusals of logins by 503 are expected."""
    done, refused = then["login"].get("200", []), then["login"].get("503", [])
    errors = {f"login: {outcome}": len(times) for outcome, times in then["login"].items()
              if outcome not in ("200", "503")}
    for title, reads in (("quiet", quiet), ("then", then["me"])):
        errors |= {f"me, {title}: {outcome}": len(times) for outcome, times in reads.items() if outcome != "200"}
    more = {"logins/s alone": capacity, "logins/s then": len(done) / seconds,
            "then to alone": len(done) / seconds / capacity, **latencies(quiet, then["me"], refused)}
    if "me quiet p99 ms" in more and "me then p99 ms" in more:
        more["me p99 then to quiet"] = more["me then p99 ms"] / more["me quiet p99 ms"]
    if not done:
        raise Failure(f"nobody could log in any more: {counts(then['login'])}")
    return Sample(len(done), seconds, cpu, errors=errors, refused=len(refused), memory=memory, more=more)


class Overload(Workload):
    name = "overload"
    title = "Three times as many logins as can be hashed"
    text = (f"First `GET` of the profile {_READS} times a second alone; then beside it {_CALLERS} callers who log in again "
            f"and again, which is all that can be hashed; then {_TIMES} times as many logins a second, whoever has been "
            "answered or not. Logins beyond what can be done are to be refused with 503 at once, and cost neither the "
            "other logins nor those who are signed in. Times are the caller's, from when a request was due; the static server "
            "is asked as much, for what of them is the load's own.")
    columns = {"logins/s alone": "{:.0f}", "logins/s then": "{:.0f}", "then to alone": "{:.2f}",
               "refusal p50 ms": "{:.1f}", "refusal p99 ms": "{:.1f}", "me quiet p50 ms": "{:.1f}",
               "me then p50 ms": "{:.1f}", "me quiet p99 ms": "{:.1f}", "me then p99 ms": "{:.1f}",
               "me p99 then to quiet": "{:.2f}"}
    without = ("cpu", "latency", "rate", "memory")
    names = ("gatehouse", "fastapi", StaticServer.name)

    def contestants(self, bench: Bench) -> list[Contestant]:
        contestants: list[Contestant] = [Crowd(bench, side) for side in bench.sides(*self.names[:2])]
        return contestants + offered(bench, StaticServer.name, lambda: Floor(bench))
