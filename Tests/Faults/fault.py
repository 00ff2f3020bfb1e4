"""What a fault is: how it is done, how it is undone, and what is promised meanwhile."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from checks import Truth
from history import Operation

if TYPE_CHECKING:
    from bench import Bench

Act = Callable[["Bench"], Awaitable[None]]
PLAIN, SMALL_DISK, PROXIED, CLOCKED = "plain", "small disk", "proxied", "clocked"


async def nothing(_: "Bench") -> None:
    pass


@dataclasses.dataclass
class Fault:
    name: str
    title: str
    inject: Act
    heal: Act = nothing
    # Which kind of suite it needs.
    suite: str = PLAIN
    # Seconds that it lasts; nothing where it is over by itself as soon as the part is back.
    seconds: float | None = 12
    # After how long all must be well again, from the end of the fault.
    recovery: float = 10
    # How soon a session that was ended is refused meanwhile.
    revocation: float = 1
    truth: Truth = Truth()
    # What goes on as if nothing had happened.
    goes_on: tuple[str, ...] = ("check",)
    # Whether requests stand still somewhere meanwhile, and may be done when it is over.
    holds_back: bool = False
    # Whether connections to a gateway may end without an answer.
    may_break_off: bool = False
    # Gateways, by number, that stand still meanwhile or can learn of nothing: for them the bound begins when it is over.
    cut_off: tuple[int, ...] = ()
    # Processes that may be started again.
    restarted: tuple[str, ...] = ()
    # The largest share of requests that may fail.
    share: float = 1.0
    excused: Callable[[Operation], bool] = lambda _: False
    # Checks of its own, after all is quiet: breaches, and what to add to what was observed.
    judge: Callable[["Bench"], Awaitable[tuple[list[str], str]]] | None = None
    # Why it can't be done here.
    unfit: Callable[[], str | None] = lambda: None
