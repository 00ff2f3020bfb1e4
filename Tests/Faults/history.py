"""What the simulated clients did and what came of it: their own truth, which no database is asked about."""

import dataclasses
import time
from typing import Any

OK, FAIL, INFO = "ok", "fail", "info"
# Said by a gateway that can't do what it is asked just now. What was asked may have been done all the same.
UNAVAILABLE = (429, 502, 503, 504)


@dataclasses.dataclass(slots=True)
class Operation:
    """One request. `ok` took effect, `fail` did not, of `info` nobody knows."""

    kind: str
    client: str
    gateway: int
    invoked: float
    completed: float = 0.0
    outcome: str = INFO
    status: int = 0
    # The session it speaks of, and the tokens by their number in the session: what was presented, what came.
    session: str = ""
    presented: str = ""
    received: str = ""
    detail: str = ""
    retry_after: bool = True
    # Part of the load, or of the questions that are asked after it.
    is_probe: bool = False

    @property
    def is_turned_away(self) -> bool:
        """Whether more passwords wait to be hashed than there is room for: an answer that a machine gives which has too
        little time, whatever else is broken."""
        return self.kind in ("login", "register") and self.status == 503 and self.detail.endswith(":overloaded")

    @property
    def is_failure(self) -> bool:
        """Whether the caller did not get what it may expect, whatever the reason."""
        return self.outcome != OK and not self.is_probe


class Recorder:
    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.began = time.monotonic()

    def begin(self, kind: str, client: str, gateway: int, **more: Any) -> Operation:
        operation = Operation(kind, client, gateway, time.monotonic(), **more)
        self.operations.append(operation)
        return operation

    def since(self, moment: float) -> list[Operation]:
        return [each for each in self.operations if each.invoked >= moment]
