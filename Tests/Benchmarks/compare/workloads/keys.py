"""The key set: a constant that every service that checks tokens asks for."""

from ..limits import static_server
from ..load import Calls
from ..workload import Bench, Contestant, Workload


class Keys(Workload):
    name = "jwks"
    title = "The key set"
    text = "`GET` of the JWKS on 32 connections."
    is_in_quick = False
    names = ("gatehouse", "fastapi", "glewlwyd", "limit: static server")

    def contestants(self, bench: Bench) -> list[Contestant]:
        sides = bench.sides(*self.names[:3], offering="jwks")
        contestants = [Calls(bench, side, self.name, 32, lambda side: [side.call("jwks")]) for side in sides]
        return contestants + static_server(bench, self.name, 32, 250)
