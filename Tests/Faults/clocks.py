"""One process whose clock is wrong, and set right again."""

from fault import CLOCKED, Act, Fault
from history import Operation
from proxied import faketime_library

BEARER = ("me", "check", "logout", "admin")


def sets(name: str, offset: str) -> Act:
    async def act(bench) -> None:
        bench.suite.set_clock(name, offset)
    return act


def unfit() -> str | None:
    return None if faketime_library() else "Debian's package faketime is not installed."


def refused(operation: Operation) -> bool:
    """An access token whose time has not come, or is over, by a clock that is wrong: its refresh token brings another."""
    return operation.kind in BEARER and operation.status == 401


def clock(name: str, title: str, process: str, offset: str) -> Fault:
    return Fault(name, title, sets(process, offset), sets(process, "+0"), suite=CLOCKED, seconds=10,
                 goes_on=(), excused=refused, unfit=unfit)


FAULTS = [
    clock(f"clock-{process}{offset}", f"the clock of {what} jumps by {offset} s", process, offset)
    for process, what in (("token-2", "one token instance of three"), ("gateway-2", "one gateway of two"),
                          ("identity", "identity"))
    for offset in ("+300", "-300", "+3600")
]
