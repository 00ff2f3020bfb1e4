"""A suite under load, and what a fault needs to be done to it and judged."""

import asyncio
import json
import time
from typing import Any

import checks
from client import Client
from http1 import Connection
from probes import Probes
from processes import Processes
from suite import Suite
from watch import Poller, Watcher
from world import PASSWORD, User, World

CLIENTS = 60
RATE = 100.0
REUSE_INTERVAL = 60


class Bench:
    def __init__(self, suite: Suite):
        self.suite = suite
        self.processes = Processes(suite.folder, suite.gateways, suite.tokens)
        gateways = suite.instance_ports("GATEWAY", suite.gateways)
        operations = suite.instance_ports("OPS", suite.gateways)
        self.tokens = suite.instance_ports("TOKEN", suite.tokens)
        self.world = World(gateways, operations)
        self.ports = dict(zip(self.processes.names, [
            *operations, suite.ports["IDENTITY"], *self.tokens, suite.ports["ADMIN"]]))
        self.poller = Poller(self.world, self.ports)
        self.clients: list[Client] = []
        self.watchers: list[Watcher] = []
        self.operator_refresh = ""

    # What is there before the first fault.

    async def prepare(self) -> None:
        door = Connection(self.world.gateways[0])
        answer = await door.send("POST", "/api/v1/auth/login", {
            "username": "admin@example.com", "password": self.suite.secret("first_superuser_password")})
        assert answer.status == 200, answer
        self.take_operator(answer.json())
        # A client that lost an answer asks again: without an interval that would be reuse.
        self.suite.sql(f"update clients set refresh_reuse_interval_seconds = {REUSE_INTERVAL} "
                       "where identifier = 'gatehouse'; insert into events (tenant_id, kind, subject_id) "
                       "select tenant_id, 'client.changed', id from clients where identifier = 'gatehouse'")
        users = [await self.register(door, number) for number in range(CLIENTS + 2)]
        self.clients = [Client(self.world, f"c{number}", user) for number, user in enumerate(users[2:])]
        self.watchers = [Watcher(self.world, user, self.tokens, self.suite.secret("internal_key"))
                         for user in users[:2]]
        for watcher in self.watchers:
            await watcher.fill()

    async def sign_in(self) -> None:
        """Has everybody a session; one after the other, since a crowd of logins would be turned away."""
        for client in self.clients:
            for _ in range(5):
                if not client.session:
                    await client.step()
            assert client.session, f"{client.name} can't log in"

    async def register(self, door: Connection, number: int) -> User:
        name = f"f{number}-{time.time_ns()}"
        answer = await door.send("POST", "/api/v1/auth/register", {"username": name, "password": PASSWORD})
        assert answer.status == 201, answer
        return User(answer.json()["id"], name)

    def take_operator(self, answer: dict[str, Any]) -> None:
        self.world.operator, self.operator_refresh = answer["access_token"], answer["refresh_token"]

    async def keep_operator(self, is_over: asyncio.Event) -> None:
        """An operator who works on: a token that is older than two minutes is exchanged."""
        while not is_over.is_set():
            await self.refresh_operator()
            for _ in range(120):
                if is_over.is_set():
                    return
                await asyncio.sleep(1)

    async def refresh_operator(self) -> bool:
        door = Connection(self.world.gateways[self.world.choose()])
        try:
            answer = await door.send("POST", "/api/v1/auth/refresh", {"refresh_token": self.operator_refresh})
        except Exception:  # noqa: BLE001, whatever kept it: the token of before is good for a while
            return False
        finally:
            door.close()
        if answer.status == 200:
            self.take_operator(answer.json())
        return answer.status == 200

    # The load.

    def start(self, is_over: asyncio.Event, rate: float = RATE) -> list[asyncio.Task[None]]:
        pause = len(self.clients) / rate
        work = [client.run(pause, is_over) for client in self.clients]
        work += [watcher.run(is_over) for watcher in self.watchers]
        work += [watcher.keep_filled(is_over) for watcher in self.watchers]
        work += [self.poller.run(is_over), self.keep_operator(is_over)]
        return [asyncio.create_task(each) for each in work]

    async def until(self, holds: Any, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if holds():
                return True
            await asyncio.sleep(0.05)
        return False

    async def back(self, *names: str) -> None:
        """Waits until processes that were ended run again, and everybody has said since that all is well."""
        await self.until(lambda: all(self.processes.pid(each) is None for each in names), 0.5)
        await self.until(lambda: all(self.processes.pid(each) for each in names), 30)
        since = time.monotonic()
        await self.until(lambda: self.poller.is_green(since), 60)

    # What the database is asked about, to find extra damage.

    async def damage(self, began: float) -> list[str]:
        await Probes(self.world, self.clients).run(began)
        rows = self.suite.sql("select username from users where username like 'r%'").split()
        breaches = checks.lost(self.world.registered, rows, "user")
        rows = self.suite.sql("select request_id from audit_log where request_id like 'fault-%'").split()
        breaches += checks.lost(self.world.audited, rows, "audit row of")
        # What was answered with success has its row; what has its row was done, even if nobody heard of it.
        return breaches + await self.verify()

    async def verify(self) -> list[str]:
        if not await self.refresh_operator():
            return ["the operator's session is gone"]
        door = Connection(self.world.gateways[0], 60)
        try:
            answer = await door.send("POST", "/api/v1/admin/audit/verify", {}, self.world.operator)
        finally:
            door.close()
        found = answer.json()
        return [] if answer.status == 200 and found.get("intact") is True else [
            f"the audit log does not verify: {answer.status} {json.dumps(found)[:300]}"]
