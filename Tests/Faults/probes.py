"""What is asked once all is quiet again: whether everything that was promised is still so."""

import asyncio
import random

from client import Client
from history import OK
from world import PASSWORD, Caller, Session, World, number

REUSED, ENDED, EARLIER, LOGINS = 8, 120, 20, 4


class Probes:
    def __init__(self, world: World, clients: list[Client]):
        self.world, self.clients = world, clients
        self.caller = Caller(world, "probe", 20)

    async def run(self, began: float) -> None:
        await self.settle()
        open_sessions = [client for client in self.clients if client.session]
        for client in open_sessions:
            await self.newest(client.session)
        old = [client for client in open_sessions if len(client.session.tokens) > 3]
        for client in random.sample(old, min(REUSED, len(old))):
            await self.reuse(client.session)
            client.session = None
        await self.ended(began)
        for name in random.sample(sorted(self.world.registered), min(LOGINS, len(self.world.registered))):
            await self.caller.request(
                "registered", "POST", "/api/v1/auth/login", {"username": name, "password": PASSWORD}, session=name,
                is_probe=True)
        self.caller.close()

    async def settle(self) -> None:
        """Lets each client find out what became of its last request, as it would have."""
        for client in self.clients:
            for _ in range(20):
                if not client.session or not (client.session.is_refreshing or client.session.may_have_ended):
                    break
                await client.step()

    async def refresh(self, kind: str, session: Session, token: str) -> None:
        operation, answer = await self.caller.request(
            kind, "POST", "/api/v1/auth/refresh", {"refresh_token": token}, session=session.id,
            presented=number(token), is_probe=True)
        if operation.outcome == OK:
            operation.received = session.take(answer.json())

    async def newest(self, session: Session) -> None:
        await self.refresh("newest", session, session.newest)

    async def reuse(self, session: Session) -> None:
        """An old token ends its session, and the newest with it."""
        newest = session.newest
        await self.refresh("used", session, session.tokens[-4])
        await self.refresh("after-reuse", session, newest)

    async def ended(self, began: float) -> None:
        """Sessions whose end was acknowledged: during this fault, and some of before."""
        ended = [each for each in self.world.sessions if each.ended]
        late = [each for each in ended if each.ended >= began]
        early = [each for each in ended if each.ended < began]
        chosen = random.sample(late, min(ENDED, len(late))) + random.sample(early, min(EARLIER, len(early)))
        await asyncio.gather(*(self.end(each) for each in chosen))

    async def end(self, session: Session) -> None:
        caller = Caller(self.world, "probe", 20)
        for gateway in range(len(self.world.gateways)):
            await caller.request("ended-access", "GET", "/api/v1/auth/me", bearer=session.access, gateway=gateway,
                                 session=session.id, is_probe=True)
        operation, answer = await caller.request(
            "ended", "POST", "/api/v1/auth/refresh", {"refresh_token": session.newest}, session=session.id,
            is_probe=True)
        caller.close()
