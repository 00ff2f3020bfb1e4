"""What must hold whatever broke. Each check reads what callers recorded and returns a sentence for each breach: none, when
all is well. They touch nothing, so that they can be shown histories in which something is wrong."""

import collections
import math
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from history import INFO, OK, UNAVAILABLE, Operation
from watch import Sample


# The largest share of requests that may be turned away for want of time to hash, while nothing is broken.
TURNED_AWAY = 0.03
# Seconds for which a process may say `degraded` though nothing is broken.
SPELL = 1.0


class Window(NamedTuple):
    """From the fault until everything has to be well again, in monotonic seconds."""

    began: float
    # When what was broken began to be mended, and when it was.
    mending: float
    ended: float
    recovered: float

    def holds(self, operation: Operation) -> bool:
        return operation.completed >= self.began and operation.invoked <= self.recovered


class Truth(NamedTuple):
    """What readiness has to say while the fault lasts, by process. Those that are not named stay green, or degraded."""

    red: frozenset[str] = frozenset()
    degraded: frozenset[str] = frozenset()
    # May be unreachable, or starting.
    silent: frozenset[str] = frozenset()
    # May be green or red, now one and now the other, but answers.
    changing: frozenset[str] = frozenset()
    # Seconds until it has to be said.
    detected: float = 3.0


def errors(operations: Iterable[Operation], window: Window, may_break_off: bool, retry_after: bool = True,
           excused: Callable[[Operation], bool] = lambda _: False) -> list[str]:
    """Failures of a kind that nobody was told of, or at a time when nothing was broken."""
    found: collections.Counter[str] = collections.Counter()
    for each in operations:
        if each.outcome == OK or each.is_probe or excused(each) or (each.is_turned_away and each.retry_after):
            continue
        name = f"{each.kind} answered {each.status} {each.detail}" if each.status else f"{each.kind} {each.detail}"
        if each.status == 0 and not may_break_off:
            found[f"{name}, though no gateway was touched"] += 1
        elif each.status and each.status not in UNAVAILABLE:
            found[name] += 1
        elif not window.holds(each):
            found[f"{name} outside of the fault ({each.invoked - window.began:+.1f} s from its begin, "
                  f"{each.invoked - window.ended:+.1f} s from its end)"] += 1
        elif each.status in (429, 503) and retry_after and not each.retry_after:
            found[f"{name} without Retry-After"] += 1
    return [f"{count} × {text}" for text, count in found.most_common(8)]


def untouched(operations: Iterable[Operation], window: Window, kinds: Iterable[str]) -> list[str]:
    """Requests that failed though what is broken is nothing that they need."""
    found = collections.Counter(
        f"{each.kind} answered {each.status} {each.detail}" for each in operations
        if each.kind in kinds and each.is_failure and window.holds(each) and not each.is_turned_away)
    return [f"{count} × {text}, which goes on without what is broken" for text, count in found.items()]


def turned_away(operations: Iterable[Operation], window: Window) -> tuple[list[str], int]:
    """How many logins found no room to be hashed. While nothing is broken they are to be few."""
    operations = [each for each in operations if not each.is_probe]
    count = sum(each.is_turned_away for each in operations)
    quiet = [each for each in operations if not window.holds(each)]
    idle = sum(each.is_turned_away for each in quiet)
    if idle > TURNED_AWAY * len(quiet):
        return [f"{idle} of {len(quiet)} requests found no room to be hashed while nothing was broken"], count
    return [], count


def strangers(operations: Iterable[Operation]) -> list[str]:
    """Answers that spoke of somebody else."""
    return [f"{each.client} was answered as somebody else" for each in operations if each.detail == "somebody else"]


def lost(acknowledged: Iterable[str], present: Iterable[str], what: str) -> list[str]:
    """What was answered with success and is not there, or is there twice."""
    counts = collections.Counter(present)
    breaches = []
    for name in sorted(acknowledged):
        if counts[name] != 1:
            state = "lost" if not counts[name] else f"there {counts[name]} times"
            breaches.append(f"{what} {name} was acknowledged and is {state}")
    return breaches


def late_copies(operations: Iterable[Operation], window: Window) -> set[str]:
    """Sessions of which a refresh was given up while requests were held back somewhere, and that went on elsewhere. When
    what was held back is done after all, an old token comes back, and ends the session as it must. None was refused
    before that could happen."""
    operations = list(operations)
    given_up = {each.session for each in operations
                if each.kind == "refresh" and each.outcome == INFO and window.holds(each)}
    return given_up - {each.session for each in operations if each.status == 401 and each.completed < window.mending}


def sessions(operations: Iterable[Operation], excused: Collection[str] = ()) -> list[str]:
    """Sessions that ended though nobody ended them, that live on though somebody did, or of which there are two. Those
    that are excused may have ended."""
    breaches = []
    children: dict[str, set[str]] = collections.defaultdict(set)
    for each in operations:
        where = f"session {each.session} of {each.client}"
        if each.kind in ("refresh", "newest") and each.status == 401 and each.session in excused:
            continue
        if each.kind in ("refresh", "newest") and each.status == 401:
            breaches.append(f"{where}: its newest refresh token was refused")
        elif each.kind == "newest" and each.outcome != OK:
            breaches.append(f"{where}: its newest refresh token was not taken ({each.status} {each.detail})")
        elif each.kind in ("used", "after-reuse", "ended", "ended-access") and each.outcome == OK:
            what = {"used": "a refresh token used long ago was taken again",
                    "after-reuse": "it outlived the reuse of an old token",
                    "ended": "its refresh token was taken after it had been ended",
                    "ended-access": "its access token was taken after it had been ended"}[each.kind]
            breaches.append(f"{where}: {what}")
        elif each.kind in ("used", "after-reuse", "ended", "ended-access") and each.status != 401:
            breaches.append(f"{where}: {each.kind} was answered {each.status}, not 401")
        if each.outcome == OK and each.presented and each.received:
            children[each.presented].add(each.received)
    # A session that is lost is told of once, however often it was asked for.
    breaches = list(dict.fromkeys(breaches))
    breaches += [f"refresh token …{parent} has {len(successors)} successors: two lineages"
                 for parent, successors in children.items() if len(successors) > 1]
    return breaches


def revocations(operations: Iterable[Operation], bound: float,
                cut_off: Iterable[tuple[int, float, float]] = ()) -> tuple[list[str], int, float]:
    """Access tokens that a gateway took although their session had been ended longer ago than the bound. The time in
    which a gateway (its number, from, until) stood still, or could learn of nothing, does not count for it. Returns also
    how many sessions were watched, and after how many seconds the last of them was taken, with that time."""
    cut_off = list(cut_off)
    operations = list(operations)
    ended = {each.session: each.completed for each in operations if each.kind == "logout" and each.outcome == OK}
    watched, slowest, breaches = set(), 0.0, {}
    for each in operations:
        if each.kind != "check-after-logout" or each.session not in ended:
            continue
        watched.add(each.session)
        if each.outcome != OK:
            continue
        since = ended[each.session]
        age = each.invoked - since
        slowest = max(slowest, age)
        for gateway, begin, end in cut_off:
            # What ended just before may have been on its way when nothing came through any more.
            if gateway == each.gateway and since + bound > begin and since < end:
                age = min(age, max(each.invoked - end, 0))
        if age > bound:
            breaches[each.session, each.gateway] = age
    return ([f"session {session} was taken by gateway {gateway + 1} {age:.1f} s after its end; the bound is {bound:.0f} s"
             for (session, gateway), age in breaches.items()], len(watched), slowest)


def readiness(samples: Iterable[Sample], window: Window, truth: Truth) -> list[str]:
    """Processes that said they were well when they were not, or the other way round; and liveness, which is never red."""
    breaches: dict[str, str] = {}
    spells: dict[str, float] = {}
    for each in samples:
        if each.endpoint == "liveness":
            if each.status is not None and each.status != 200:
                breaches[f"{each.process} live"] = f"liveness of {each.process} was {each.status}"
            elif each.status is None and not (each.process in truth.silent and window.began <= each.at):
                breaches[f"{each.process} live"] = f"{each.process} did not answer for its liveness"
            continue
        begins = window.began + truth.detected
        is_within = begins <= each.at <= window.mending
        is_before = each.at < window.began
        is_after = each.at > window.recovered
        said = f"{each.status} {each.word}" if each.status else "nothing"
        offset = f"{each.at - window.began:.1f} s after the fault began"
        if is_before or is_after:
            # Redis may be late once, on a machine with much to do, and saying so is the truth.
            if each.word == "degraded":
                is_well = each.at - spells.setdefault(each.process, each.at) < SPELL
            else:
                is_well = each.word == "ok"
                spells.pop(each.process, None)
            if not is_well:
                when = "before the fault" if is_before else f"{each.at - window.ended:.1f} s after the fault ended"
                breaches[f"{each.process} {is_before}"] = f"readiness of {each.process} said {said} {when}"
        elif each.process in truth.silent | truth.changing:
            continue
        elif is_within and each.process in truth.red:
            # Nothing is said while Postgres is waited for.
            if each.status == 200:
                breaches[f"{each.process} red"] = f"readiness of {each.process} was green {offset}"
        elif is_within and each.process in truth.degraded:
            if each.word != "degraded":
                breaches[f"{each.process} degraded"] = f"readiness of {each.process} said {said} {offset}, not degraded"
        elif each.process not in truth.red and each.status == 503:
            breaches[f"{each.process} false"] = f"readiness of {each.process} said {said} {offset}"
    return list(breaches.values())


class Availability(NamedTuple):
    requests: int
    failures: int
    kinds: dict[str, int]
    # What was asked for.
    failed: dict[str, int]
    # What the answers said.
    said: dict[str, int]
    # Seconds from the fault to the first failure, and from its end to the last.
    detected: float | None
    recovered: float | None
    # How long each failure was waited for, in seconds.
    waits: list[float]
    # Failures and requests of each second, counted from the fault.
    seconds: dict[int, tuple[int, int]]


def availability(operations: Iterable[Operation], window: Window) -> Availability:
    load = [each for each in operations if not each.is_probe]
    inside = [each for each in load if window.began <= each.invoked <= window.ended or
              (each.is_failure and window.holds(each))]
    failures = [each for each in inside if each.is_failure]
    kinds = collections.Counter(
        str(each.status) if each.status else each.detail.partition(":")[0] for each in failures)
    seconds: dict[int, list[int]] = collections.defaultdict(lambda: [0, 0])
    for each in load:
        count = seconds[math.floor(each.invoked - window.began)]
        count[0] += each.is_failure
        count[1] += 1
    return Availability(
        len(inside), len(failures), dict(kinds), dict(collections.Counter(each.kind for each in failures)),
        dict(collections.Counter(each.detail for each in failures if each.status)),
        min((each.completed - window.began for each in failures), default=None),
        max((max(each.invoked - window.ended, 0) for each in failures), default=None),
        [each.completed - each.invoked for each in failures],
        {second: (counts[0], counts[1]) for second, counts in sorted(seconds.items())})


def unknown(operations: Iterable[Operation]) -> int:
    """Requests of which nobody knows whether they took effect."""
    return sum(each.outcome == INFO and not each.is_probe for each in operations)
