"""Callers that vanish in the middle of what they asked for."""

import asyncio
import random

from fault import Fault
from history import OK
from http1 import request_bytes
from world import PASSWORD, Caller, Session, number

TIMES, SESSIONS = 1000, 50


async def vanish(port: int, method: str, path: str, body: dict[str, str]) -> None:
    """Sends a request and is gone a moment later, without a word."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return
    writer.write(request_bytes(method, path, body, None, None))
    await asyncio.sleep(random.choice((0, 0.001, 0.003, 0.01, 0.03)))
    writer.transport.abort()


async def refresh(caller: Caller, session: Session) -> None:
    """Refreshes, is gone, and asks again: the answer that was lost is given again."""
    token = session.newest
    body = {"refresh_token": token}
    await vanish(random.choice(caller.world.gateways), "POST", "/api/v1/auth/refresh", body)
    operation, answer = await caller.request(
        "refresh", "POST", "/api/v1/auth/refresh", body, session=session.id, presented=number(token))
    if operation.outcome == OK:
        operation.received = session.take(answer.json())


async def vanishing(bench) -> None:
    sessions = [each for watcher in bench.watchers for each in watcher.spare]
    for watcher in bench.watchers:
        watcher.spare = []
    mine = sessions[:SESSIONS]
    bench.world.sessions += mine

    async def refreshing(session: Session) -> None:
        caller = Caller(bench.world, "vanishing")
        for _ in range(TIMES // len(mine)):
            await refresh(caller, session)
            # Nobody needs the next token at once; a copy of the lost request that came after it would be reuse.
            await asyncio.sleep(0.5 + 0.5 * random.random())
        caller.close()

    async def logging_in() -> None:
        for _ in range(100):
            user = random.choice(bench.clients).user
            await vanish(random.choice(bench.world.gateways), "POST", "/api/v1/auth/login",
                         {"username": user.name, "password": PASSWORD})
            await asyncio.sleep(0.1)

    await asyncio.gather(*(refreshing(each) for each in mine), *(logging_in() for _ in range(5)))


FAULTS = [
    Fault("callers-vanish", f"{TIMES:,} refreshes and 500 logins are asked for by callers who vanish", vanishing,
          seconds=0, share=0.05, goes_on=("check", "me", "refresh", "logout", "admin")),
]
