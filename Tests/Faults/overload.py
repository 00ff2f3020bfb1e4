"""More logins than can be hashed."""

import asyncio
import random
import statistics
import time

from fault import Fault
from history import OK
from suite import quantile
from world import PASSWORD, Caller

SECONDS, FEW, TIMES = 8.0, 6, 3


async def logins(bench, name: str, seconds: float, callers: int) -> None:
    """A few callers that each log in again and again: as many logins as there can be."""
    until = time.monotonic() + seconds

    async def one() -> None:
        caller = Caller(bench.world, name)
        while time.monotonic() < until:
            user = random.choice(bench.clients).user
            await caller.request(
                name, "POST", "/api/v1/auth/login", {"username": user.name, "password": PASSWORD})
        caller.close()

    await asyncio.gather(*(one() for _ in range(callers)))


async def crowd(bench, seconds: float, per_second: float) -> None:
    """Logins at a pace that does not wait for answers."""
    idle: list[Caller] = []
    callers: list[Caller] = []

    async def one() -> None:
        if not idle:
            idle.append(Caller(bench.world, "login-crowd"))
            callers.append(idle[-1])
        caller = idle.pop()
        await caller.request("login-crowd", "POST", "/api/v1/auth/login", {
            "username": random.choice(bench.clients).user.name, "password": PASSWORD})
        idle.append(caller)

    began, tasks = time.monotonic(), []
    while (passed := time.monotonic() - began) < seconds:
        while len(tasks) < passed * per_second:
            tasks.append(asyncio.create_task(one()))
        await asyncio.sleep(0.01)
    await asyncio.gather(*tasks)
    for caller in callers:
        caller.close()


async def overload(bench) -> None:
    await logins(bench, "login-alone", SECONDS, FEW)
    await crowd(bench, SECONDS, TIMES * rate(bench, "login-alone"))


def chosen(bench, name: str) -> list:
    """The newest run: those of an earlier one belong to it."""
    found = [each for each in bench.world.recorder.operations if each.kind == name]
    last = found[-1].invoked
    return [each for each in found if each.invoked > last - 2 * SECONDS]


def rate(bench, name: str) -> float:
    found = chosen(bench, name)
    span = max(each.completed for each in found) - min(each.invoked for each in found)
    return sum(each.outcome == OK for each in found) / span


async def judge(bench) -> tuple[list[str], str]:
    crowd = chosen(bench, "login-crowd")
    begin, end = crowd[0].invoked, crowd[-1].invoked
    refused = [each.completed - each.invoked for each in crowd if each.outcome != OK]
    alone, together = rate(bench, "login-alone"), rate(bench, "login-crowd")
    reads = [each for each in bench.world.recorder.since(begin) if each.kind == "me" and each.invoked < end]
    read_times = [each.completed - each.invoked for each in reads]
    breaches = []
    if together < 0.7 * alone:
        breaches.append(f"{together:.0f} logins/s when three times as many ask, {alone:.0f} when few do")
    if refused and quantile(refused, 0.99) > 1.5:
        breaches.append(f"a refusal took {quantile(refused, 0.99):.1f} s (p99)")
    if not refused:
        breaches.append("nobody was refused, so nothing was overloaded")
    note = (f"{len(crowd) / (end - begin):.0f} logins/s asked for, {together:.0f} done ({alone:.0f} when few ask), "
            f"refusals in {statistics.median(refused or [0]) * 1000:.0f} ms (p50) and "
            f"{quantile(refused or [0], 0.99) * 1000:.0f} ms (p99), "
            f"me in {statistics.median(read_times) * 1000:.0f} and {quantile(read_times, 0.99) * 1000:.0f} ms")
    return breaches, note


FAULTS = [
    Fault("overload", "three times as many logins as can be hashed", overload, seconds=0, recovery=10, judge=judge,
          goes_on=("check", "me", "refresh", "logout", "admin")),
]
