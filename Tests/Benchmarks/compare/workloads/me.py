"""Who am I: the request that most others are like."""

from ..load import Calls, access_tokens
from ..side import Call, Side
from ..workload import Bench, Contestant, Workload

_TOKENS, _CONNECTIONS = 32, 32


class Me(Workload):
    name = "me"
    title = "The own profile"
    text = (f"`GET` of the profile with {_TOKENS} access tokens in turn on {_CONNECTIONS} connections: the token is verified, "
            "its revocation looked up, the limit counted. With the profile from a cache, and with a select each time.")
    is_in_quick = True
    names = ("gatehouse", "gatehouse, no cache", "fastapi")

    def contestants(self, bench: Bench) -> list[Contestant]:
        def calls(side: Side) -> list[Call]:
            return [side.call("me", access=token) for token in access_tokens(bench, side, _TOKENS)]

        sides = [side for side in map(bench.side, self.names) if side]
        return [Calls(bench, side, self.name, _CONNECTIONS, calls) for side in sides]
