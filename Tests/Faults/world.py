"""What all simulated callers share: where the gateways are, who may be asked, and everything that was ever promised."""

import dataclasses
import random
import time
from typing import Any

from history import FAIL, INFO, OK, UNAVAILABLE, Operation, Recorder
from http1 import Answer, Connection, Lost, NotSent

PASSWORD = "correct horse 7 battery"


@dataclasses.dataclass(slots=True)
class User:
    id: str
    name: str


@dataclasses.dataclass(slots=True, eq=False)
class Session:
    id: str
    user: User
    access: str
    # Every refresh token of it that was received, oldest first; the same one twice is there once.
    tokens: list[str]
    expires: float
    # The last refresh has no known end: the token may have been used up.
    is_refreshing: bool = False
    # When its end was acknowledged, and whether an end without an acknowledgement may have taken effect.
    ended: float | None = None
    may_have_ended: bool = False
    # Said to be none although nobody ended it.
    is_lost: bool = False

    @property
    def newest(self) -> str:
        return self.tokens[-1]

    def take(self, answer: dict[str, Any]) -> str:
        """Takes what a refresh brought; returns the number of its token."""
        if answer["refresh_token"] not in self.tokens:
            self.tokens.append(answer["refresh_token"])
        self.access, self.expires = answer["access_token"], time.monotonic() + answer["expires_in"]
        self.is_refreshing = False
        return number(answer["refresh_token"])


def number(token: str) -> str:
    """Enough of a refresh token to tell it from others, and too little to use it."""
    return token[-12:]


class World:
    def __init__(self, gateways: list[int], operations: list[int]):
        self.gateways, self.operations = gateways, operations
        self.recorder = Recorder()
        # As a balancer sees them: gateways whose readiness was red, or not answered, twice get nothing.
        self.is_chosen = [True] * len(gateways)
        self.users: list[User] = []
        self.registered: set[str] = set()
        self.sessions: list[Session] = []
        self.audited: set[str] = set()
        self.operator = ""

    def choose(self) -> int:
        chosen = [each for each, yes in enumerate(self.is_chosen) if yes]
        return random.choice(chosen or range(len(self.gateways)))


class Caller:
    """Somebody with a connection to each gateway."""

    def __init__(self, world: World, name: str, patience: float = 8.0):
        self.world, self.name = world, name
        self.connections = [Connection(port, patience) for port in world.gateways]

    def close(self) -> None:
        for connection in self.connections:
            connection.close()

    async def request(self, kind: str, method: str, path: str, body: Any = None, bearer: str | None = None,
                      gateway: int | None = None, fields: dict[str, str] | None = None,
                      **more: Any) -> tuple[Operation, Answer | None]:
        is_balanced = gateway is None
        gateway = self.world.choose() if is_balanced else gateway
        operation = self.world.recorder.begin(kind, self.name, gateway, **more)
        answer = None
        try:
            try:
                answer = await self.connections[gateway].send(method, path, body, bearer, fields)
            except NotSent:
                # A balancer that gets no connection takes another.
                if not is_balanced:
                    raise
                operation.gateway = (gateway + 1) % len(self.connections)
                answer = await self.connections[operation.gateway].send(method, path, body, bearer, fields)
        except NotSent as failure:
            operation.outcome, operation.detail = FAIL, f"not sent: {failure}"
        except Lost as failure:
            operation.outcome, operation.detail = INFO, f"lost: {failure}"
        else:
            operation.status = answer.status
            if answer.status < 300:
                operation.outcome = OK
            elif answer.status in UNAVAILABLE and answer.status != 429:
                operation.outcome = INFO
            else:
                operation.outcome = FAIL
            if operation.outcome != OK:
                operation.detail = str(answer.json().get("type") or answer.json().get("error") or "")
                operation.retry_after = "retry-after" in answer.fields
        finally:
            operation.completed = time.monotonic()
        return operation, answer
