"""Connections that are slow, deaf or cut: between a process and a store, or between two processes."""

from checks import Truth
from fault import PROXIED, Act, Fault
from kills import ALL, BOTH

TOKENS = ("token", "token-2", "token-3")


def tells(mode: str, *routes: str, seconds: float = 0) -> Act:
    async def act(bench) -> None:
        for route in routes:
            bench.suite.tell(route, mode, seconds)
    return act


def link(name: str, title: str, mode: str, *routes: str, delay: float = 0, **more) -> Fault:
    return Fault(name, title, tells(mode, *routes, seconds=delay), tells("pass", *routes), suite=PROXIED, **more)


WITHOUT_POSTGRES = Truth(red=ALL, detected=5)
FAULTS = [
    link("slow-postgres", "Postgres answers 200 ms late", "delay", "*.postgres", delay=0.2, share=0.1,
         goes_on=("check",)),
    link("deaf-postgres", "nothing passes between the processes and Postgres", "hole", "*.postgres",
         truth=WITHOUT_POSTGRES, cut_off=BOTH, holds_back=True),
    link("cut-postgres", "connections to Postgres end and are not made", "refuse", "*.postgres", seconds=10,
         truth=WITHOUT_POSTGRES, cut_off=BOTH),
    link("mute-postgres", "what token asks Postgres is done, its answers are lost", "mute",
         *(f"{name}.postgres" for name in TOKENS), seconds=8, revocation=5,
         truth=Truth(red=frozenset(TOKENS), detected=4), goes_on=("check", "me", "admin")),
    link("gateway-without-postgres", "one gateway of two is cut off from Postgres", "hole", "gateway-2.postgres",
         truth=Truth(red=frozenset(("gateway-2",)), detected=4), cut_off=(1,), share=0.02, goes_on=("check",)),
    link("gateway-without-redis", "one gateway of two is cut off from Redis", "hole", "gateway-2.redis",
         truth=Truth(degraded=frozenset(("gateway-2",)), detected=8), revocation=5, share=0.02,
         goes_on=("check", "me")),
    link("identity-without-postgres", "identity is cut off from Postgres", "hole", "identity.postgres",
         truth=Truth(red=frozenset(("identity",)), detected=4),
         goes_on=("check", "refresh", "logout")),
    link("token-without-postgres", "one token instance of three is cut off from Postgres", "hole", "token-2.postgres",
         truth=Truth(red=frozenset(("token-2",)), detected=4), share=0.1,
         holds_back=True, goes_on=("check", "me", "admin")),
    link("token-unreachable", "nothing passes between the gateways and one token instance of three", "hole",
         "to.token-2", share=0.1, holds_back=True,
         goes_on=("check", "me", "admin")),
    link("answers-cut", "one answer in ten between processes ends in its middle", "cut", "to.*", seconds=10,
         may_break_off=True, goes_on=("check",)),
]
