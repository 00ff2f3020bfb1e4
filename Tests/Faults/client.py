"""A simulated person: signs in, asks who they are, refreshes, signs out, and knows what they were promised."""

import asyncio
import random
import uuid

from history import INFO, OK
from world import PASSWORD, Caller, Session, User, World, number

# What is done with an open session, in parts of a hundred; each logout brings a login with it.
MIX = {"me": 42, "check": 21.5, "refresh": 28, "logout": 3, "admin": 5, "register": 0.5}


class Client:
    def __init__(self, world: World, name: str, user: User):
        self.world, self.name, self.user = world, name, user
        self.caller = Caller(world, name)
        self.session: Session | None = None
        self.is_hurt = False

    async def run(self, pause: float, is_over: asyncio.Event) -> None:
        """Goes on until it is over. `pause`: seconds between two requests, on average."""
        await asyncio.sleep(random.random() * pause)
        while not is_over.is_set():
            self.is_hurt = False
            await self.step()
            # Who is turned away tries again a little later, as Retry-After asks.
            await asyncio.sleep(0.5 + random.random() if self.is_hurt else random.expovariate(1 / pause))
        self.caller.close()

    async def step(self) -> None:
        session = self.session
        if session is None:
            await self.login()
        elif session.is_refreshing:
            await self.refresh(session)
        elif session.may_have_ended:
            await self.logout(session)
        else:
            kind = random.choices(list(MIX), list(MIX.values()))[0]
            match kind:
                case "me":
                    await self.me(session)
                case "check":
                    await self.check(session)
                case "refresh":
                    await self.refresh(session)
                case "logout":
                    await self.logout(session)
                case "admin":
                    await self.rename()
                case _:
                    await self.register()

    async def login(self) -> None:
        operation, answer = await self.caller.request(
            "login", "POST", "/api/v1/auth/login", {"username": self.user.name, "password": PASSWORD})
        self.is_hurt = operation.outcome != OK
        if operation.outcome == OK:
            found = answer.json()
            self.session = Session(found["session_id"], self.user, "", [], 0)
            operation.session, operation.received = self.session.id, self.session.take(found)
            self.world.sessions.append(self.session)

    async def me(self, session: Session) -> None:
        operation, answer = await self.caller.request(
            "me", "GET", "/api/v1/auth/me", bearer=session.access, session=session.id)
        self.is_hurt = operation.outcome != OK
        if operation.outcome == OK and answer.json().get("id") != self.user.id:
            operation.detail = "somebody else"

    async def check(self, session: Session) -> None:
        """What the gateway decides by itself: whether an access token is good."""
        operation, _ = await self.caller.request(
            "check", "GET", "/forward-auth", bearer=session.access, session=session.id)
        self.is_hurt = operation.outcome != OK

    async def refresh(self, session: Session) -> None:
        operation, answer = await self.caller.request(
            "refresh", "POST", "/api/v1/auth/refresh", {"refresh_token": session.newest}, session=session.id,
            presented=number(session.newest))
        self.is_hurt = operation.outcome != OK
        if operation.outcome == OK:
            operation.received = session.take(answer.json())
        elif operation.outcome == INFO:
            session.is_refreshing = True
        elif operation.status == 401:
            session.is_lost = True
            self.session = None

    async def logout(self, session: Session) -> None:
        operation, _ = await self.caller.request(
            "logout", "POST", "/api/v1/auth/logout", bearer=session.access, session=session.id)
        if operation.outcome == OK or (operation.status == 401 and session.may_have_ended):
            session.ended = operation.completed
            # Said by who found it ended already, when an earlier try had no answer.
            operation.outcome = OK
            self.session = None
        elif operation.outcome == INFO:
            session.may_have_ended = True
        self.is_hurt = operation.outcome != OK

    async def rename(self) -> None:
        """An operator's change, under a number by which its row in the audit log is found."""
        identifier = f"fault-{uuid.uuid4().hex}"
        operation, _ = await self.caller.request(
            "admin", "PATCH", f"/api/v1/admin/users/{self.user.id}", {"display_name": identifier[:20]},
            bearer=self.world.operator, fields={"X-Request-Id": identifier}, detail=identifier)
        self.is_hurt = operation.outcome != OK
        if operation.outcome == OK:
            self.world.audited.add(identifier)

    async def register(self) -> None:
        name = f"r{uuid.uuid4().hex[:14]}"
        operation, _ = await self.caller.request(
            "register", "POST", "/api/v1/auth/register", {"username": name, "password": PASSWORD}, session=name)
        self.is_hurt = operation.outcome != OK
        if operation.outcome == OK:
            self.world.registered.add(name)
