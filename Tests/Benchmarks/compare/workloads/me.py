"""Who am I: the request that most others are like."""

from ..limits import loop, static_server
from ..load import Calls, access_tokens
from ..side import Call, Side
from ..workload import Bench, Contestant, Workload

_TOKENS, _CONNECTIONS = 32, 32


class Me(Workload):
    name = "me"
    title = "The own profile"
    text = (f"`GET` of the profile with {_TOKENS} access tokens in turn on {_CONNECTIONS} connections: the token is "
            "verified, its revocation looked up, the limit counted. With the profile from a cache, and with a select each time.")
    is_in_quick = True
    names = ("gatehouse", "gatehouse, no cache", "fastapi", "limit: static server", "limit: ES256 verification")

    def contestants(self, bench: Bench) -> list[Contestant]:
        def calls(side: Side) -> list[Call]:
            return [side.call("me", access=token) for token in access_tokens(bench, side, _TOKENS)]

        sides = bench.sides(*self.names[:3])
        contestants: list[Contestant] = [Calls(bench, side, self.name, _CONNECTIONS, calls) for side in sides]
        return [*contestants, *static_server(bench, self.name, _CONNECTIONS, 300),
                *loop(bench, "limit: ES256 verification", "sign", "ES256", "verify")]
