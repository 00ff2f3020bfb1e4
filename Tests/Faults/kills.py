"""Processes that are killed, or that stand still."""

import asyncio
import random
import signal

from checks import Truth
from fault import Act, Fault

KILLS = 3
BOTH = (0, 1)
SERVICES = ("gateway", "identity", "token", "admin")
ALL = frozenset(("gateway", "gateway-2", "identity", "token", "token-2", "token-3", "admin"))
WITHOUT_POSTGRES = Truth(red=ALL, detected=4)
WITHOUT_REDIS = Truth(degraded=ALL, detected=4)


def sends(number: signal.Signals, name: str) -> Act:
    async def act(bench) -> None:
        bench.processes.signal(name, number)
    return act


def kills(name: str, times: int) -> Act:
    """Kills again and again, each time when all is well, at a moment of chance."""
    async def act(bench) -> None:
        for number in range(times):
            bench.processes.signal(name, signal.SIGKILL)
            if number < times - 1:
                await bench.back(name)
                await asyncio.sleep(random.random())
    return act


def others(*names: str) -> Truth:
    """One process is away; those that call it may say that they do without."""
    return Truth(silent=frozenset(names))


def going_on(name: str) -> tuple[str, ...]:
    """What does not need that process at all."""
    return {
        "gateway": (), "identity": ("check", "refresh", "logout", "admin"), "token": ("check", "me", "admin"),
        "admin": ("check", "me", "refresh", "login", "logout", "register"), "postgres": ("check",),
        "redis": ("check", "me", "refresh", "login", "logout", "register", "admin"),
    }[name]


def killed(name: str) -> Fault:
    match name:
        case "postgres":
            truth, revocation = Truth(changing=ALL), 1
        case "redis":
            truth, revocation = Truth(), 5
        case "token":
            # Killed between the commit and the message, what it did is found in the table.
            truth, revocation = others(name), 5
        case _:
            truth, revocation = others(name), 1
    return Fault(
        f"kill-{name}", f"kill -9 of {name}, {KILLS} times", kills(name, KILLS), seconds=None, restarted=(name,),
        truth=truth, revocation=revocation, may_break_off=name == "gateway", recovery=10, goes_on=going_on(name),
        cut_off=BOTH if name == "postgres" else (), share={"gateway": 0.1, "token": 0.05, "redis": 0.05}.get(name, 1))


def stopped(name: str) -> Fault:
    match name:
        case "postgres":
            truth, revocation = WITHOUT_POSTGRES, 1
        case "redis":
            truth, revocation = WITHOUT_REDIS, 5
        case _:
            truth, revocation = others(name), 1
    return Fault(
        f"stop-{name}", f"{name} stands still (SIGSTOP)", sends(signal.SIGSTOP, name), sends(signal.SIGCONT, name),
        truth=truth, revocation=revocation, may_break_off=name == "gateway", goes_on=going_on(name),
        holds_back=name in ("gateway", "token", "postgres"),
        cut_off={"gateway": (0,), "postgres": BOTH}.get(name, ()), share=0.1 if name in ("redis", "token") else 1)


FAULTS = [killed(name) for name in (*SERVICES, "postgres", "redis")] + [
    stopped(name) for name in (*SERVICES, "postgres", "redis")]
