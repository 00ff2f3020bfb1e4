"""Stores that are restarted, emptied, or away together, all of a service away, and more events than anybody asked for."""

import asyncio
import os
import signal
import subprocess

from checks import Truth
from fault import Act, Fault
from kills import ALL, BOTH, WITHOUT_REDIS, going_on, others, sends

BACKLOG = 100_000
TOKENS = ("token", "token-2", "token-3")


def redis(bench, *words: str) -> str:
    return subprocess.run(
        ["redis-cli", "-h", "127.0.0.1", "-p", str(bench.suite.ports["REDIS"]), *words], check=True,
        capture_output=True, text=True, env={**os.environ, "REDISCLI_AUTH": bench.suite.secret("redis_password")}).stdout


async def empty_redis(bench) -> None:
    """Again and again: scripts are gone between two requests, leases between two of their renewals."""
    for _ in range(20):
        await asyncio.to_thread(redis, bench, "FLUSHALL")
        await asyncio.to_thread(redis, bench, "SCRIPT", "FLUSH")
        await asyncio.sleep(0.2)


def services(action: str, *names: str) -> Act:
    async def act(bench) -> None:
        for name in names:
            await asyncio.to_thread(bench.suite.deploy, "service", action, name)
    return act


async def restart_at_once(bench) -> None:
    bench.processes.signal("postgres", signal.SIGQUIT)


async def stop_and_fill(bench) -> None:
    """A gateway stands still while so many sessions end elsewhere."""
    bench.processes.signal("gateway-2", signal.SIGSTOP)
    await asyncio.to_thread(
        bench.suite.sql,
        "insert into events (tenant_id, kind, subject_id) select id, 'session.revoked', gen_random_uuid() "
        f"from tenants, generate_series(1, {BACKLOG}) where slug = 'default'", options="-c statement_timeout=60s")


AWAY = Truth(red=ALL, detected=4)
RESTARTED = Truth(changing=ALL)
FAULTS = [
    Fault("flush-redis", "Redis is emptied, its scripts too, 20 times", empty_redis, seconds=0, share=0, goes_on=("check", "me", "refresh", "login", "logout", "register", "admin")),
    Fault("no-redis", "Redis is away", services("stop", "redis"), services("start", "redis"), truth=WITHOUT_REDIS,
          revocation=5, share=0, goes_on=("check", "me", "refresh", "login", "logout", "register", "admin")),
    Fault("restart-postgres", "Postgres is restarted (fast)", services("restart", "postgres"), seconds=None,
          restarted=("postgres",), truth=RESTARTED, cut_off=BOTH),
    Fault("crash-postgres", "Postgres is shut down at once (immediate)", restart_at_once, seconds=None,
          restarted=("postgres",), truth=RESTARTED, cut_off=BOTH),
    Fault("no-stores", "Postgres and Redis are away", services("stop", "redis", "postgres"),
          services("start", "postgres", "redis"), truth=AWAY, cut_off=BOTH),
    Fault("no-token", "all token instances are away", services("stop", *TOKENS), services("start", *TOKENS),
          truth=others(*TOKENS), goes_on=going_on("token")),
    Fault("backlog", f"a gateway stands still while {BACKLOG:,} events come", stop_and_fill,
          sends(signal.SIGCONT, "gateway-2"), seconds=10, truth=Truth(silent=frozenset(("gateway-2",))),
          cut_off=(1,), may_break_off=True, goes_on=(), holds_back=True),
]
