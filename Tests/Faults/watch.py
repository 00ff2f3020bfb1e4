"""Those who look on: whether a session that was ended is refused in time, and whether readiness tells the truth."""

import asyncio
import contextlib
import random
import time
from typing import NamedTuple

from history import OK, Operation
from http1 import Connection, Lost, NotSent, ask
from world import Caller, Session, User, World

# How long a gateway is asked after a session that was ended.
WATCHED = 20.0
SPARE_SESSIONS = 25


class Watcher:
    """Ends a session again and again, and asks both gateways for it until they refuse."""

    def __init__(self, world: World, user: User, tokens: list[int], internal_key: str):
        self.world, self.user = world, user
        self.caller = Caller(world, "watcher")
        self.tokens, self.internal_key = tokens, internal_key
        self.spare: list[Session] = []

    async def fill(self) -> None:
        """Opens sessions as identity does, without the cost of a password, so that there are some to end."""
        while len(self.spare) < SPARE_SESSIONS:
            door = Connection(random.choice(self.tokens), 3)
            with contextlib.suppress(NotSent, Lost):
                answer = await door.send(
                    "POST", "/internal/sessions", {"user": self.user.id, "client": "gatehouse", "amr": ["pwd"]},
                    fields={"X-Gatehouse-Key": self.internal_key})
                if answer.status == 200:
                    found = answer.json()
                    session = Session(found["session_id"], self.user, "", [], 0)
                    session.take(found)
                    self.spare.append(session)
            door.close()
            await asyncio.sleep(0.02)

    async def keep_filled(self, is_over: asyncio.Event) -> None:
        while not is_over.is_set():
            await self.fill()
            await asyncio.sleep(0.2)

    async def run(self, is_over: asyncio.Event) -> None:
        watches = []
        while not is_over.is_set():
            if self.spare:
                session = self.spare.pop(0)
                # Both gateways know the token before, and would go by what they know.
                await asyncio.gather(*(self.check(session, each, "check") for each in range(len(self.world.gateways))))
                operation, _ = await self.caller.request(
                    "logout", "POST", "/api/v1/auth/logout", bearer=session.access, session=session.id)
                if operation.outcome == OK:
                    session.ended = operation.completed
                    self.world.sessions.append(session)
                    watches += [asyncio.create_task(self.watch(session, each, is_over))
                                for each in range(len(self.world.gateways))]
            await asyncio.sleep(0.25)
        await asyncio.gather(*watches)
        self.caller.close()

    async def watch(self, session: Session, gateway: int, is_over: asyncio.Event) -> None:
        caller = Caller(self.world, "watcher")
        while not is_over.is_set() and time.monotonic() < session.ended + WATCHED:
            operation = await self.check(session, gateway, "check-after-logout", caller)
            if operation.status == 401:
                break
            await asyncio.sleep(0.03)
        caller.close()

    async def check(self, session: Session, gateway: int, kind: str, caller: Caller | None = None) -> Operation:
        """What the gateway itself says of the access token: whatever else is away, it has to say something."""
        operation, _ = await (caller or self.caller).request(
            kind, "GET", "/forward-auth", bearer=session.access, gateway=gateway, session=session.id, is_probe=True)
        return operation


class Sample(NamedTuple):
    """What a process said of itself."""

    at: float
    process: str
    endpoint: str
    # Nothing when it did not answer.
    status: int | None
    word: str


class Poller:
    """Asks each process for readiness ten times a second and for liveness twice, and is the balancer's eye."""

    def __init__(self, world: World, ports: dict[str, int]):
        self.world, self.ports = world, ports
        self.samples: list[Sample] = []
        self.latest: dict[str, Sample] = {}

    async def run(self, is_over: asyncio.Event) -> None:
        await asyncio.gather(*(
            self.poll(process, port, endpoint, pause, is_over)
            for process, port in self.ports.items()
            for endpoint, pause in (("readiness", 0.1), ("liveness", 0.5))))

    async def poll(self, process: str, port: int, endpoint: str, pause: float, is_over: asyncio.Event) -> None:
        failures = 0
        while not is_over.is_set():
            # Readiness gives Postgres a second. Who is slow is alive.
            answer = await ask(port, f"/health/{endpoint}", 1.5 if endpoint == "readiness" else 5)
            word = answer.json().get("status", "") if answer else ""
            sample = Sample(time.monotonic(), process, endpoint, answer.status if answer else None, word)
            self.samples.append(sample)
            if endpoint == "readiness":
                self.latest[process] = sample
                if process.startswith("gateway"):
                    failures = 0 if sample.status == 200 else failures + 1
                    index = 0 if process == "gateway" else int(process.partition("-")[2]) - 1
                    self.world.is_chosen[index] = failures < 2
            await asyncio.sleep(pause)

    def is_green(self, since: float) -> bool:
        """Whether every process has said since then that all is well, and nothing else after that."""
        return all(name in self.latest and self.latest[name].at > since and self.latest[name].word == "ok"
                   for name in self.ports)


