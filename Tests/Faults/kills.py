"""Processes that are killed, or that stand still."""

import asyncio
import random
import signal

from checks import Truth
from fault import Act, Fault

KILLS = 5
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
    return Truth(silent=frozenset(names), either=ALL - frozenset(names))


def killed(name: str) -> Fault:
    match name:
        case "postgres":
            truth, revocation = Truth(either=ALL, silent=ALL), 1
        case "redis":
            truth, revocation = Truth(either=ALL), 5
        case _:
            truth, revocation = others(name), 1
    return Fault(
        f"kill-{name}", f"kill -9 of {name}, {KILLS} times", kills(name, KILLS), seconds=None, restarted=(name,),
        truth=truth, revocation=revocation, may_break_off=name == "gateway", recovery=10,
        share=0.05 if name in ("gateway", "redis", "token") else 1)


def stopped(name: str) -> Fault:
    match name:
        case "postgres":
            truth, revocation = WITHOUT_POSTGRES, 5
        case "redis":
            truth, revocation = WITHOUT_REDIS, 5
        case _:
            truth, revocation = others(name), 1
    return Fault(
        f"stop-{name}", f"{name} stands still (SIGSTOP)", sends(signal.SIGSTOP, name), sends(signal.SIGCONT, name),
        truth=truth, revocation=revocation, may_break_off=name == "gateway",
        stopped=(0,) if name == "gateway" else (), share=0.1 if name in ("gateway", "redis", "token") else 1)


FAULTS = [killed(name) for name in (*SERVICES, "postgres", "redis")] + [
    stopped(name) for name in (*SERVICES, "postgres", "redis")]
