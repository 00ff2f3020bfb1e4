"""Logins, which are a hash and what is around it."""

from ..limits import loop
from ..load import Calls
from ..sample import Sample
from ..side import Call, Side
from ..workload import Bench, Contestant, Workload

_USERS, _CONNECTIONS = 500, 4
_HASH = "limit: Argon2id"
_BEYOND, _SHARE = "beyond the hash", "of what hashes allow"


class Login(Workload):
    name = "login"
    title = "Login"
    text = (f"{_USERS} users log in again and again on {_CONNECTIONS} connections. Hashes are Argon2id with 19 MiB and 2 passes "
            "(Glewlwyd has another kind). Beyond the hash is the CPU in seconds per 1,000 that is left when the limit "
            "program's, which verifies and does nothing else, is taken off; what hashes allow is what as many of it as the "
            "servers have cores would do.")
    is_in_quick = True
    columns = {_BEYOND: "{:.2f}", _SHARE: "{:.0%}"}
    names = ("gatehouse", "fastapi", "glewlwyd", _HASH)

    def contestants(self, bench: Bench) -> list[Contestant]:
        self.cores = bench.server_cores

        def calls(side: Side) -> list[Call]:
            # Glewlwyd's users are made one by one.
            users = side.users(20 if side.name == "glewlwyd" else _USERS)
            return [side.call("login", user=user.name, password=user.password) for user in users]

        sides = [side for side in map(bench.side, self.names[:3]) if side and side.offers("login")]
        contestants: list[Contestant] = [Calls(bench, side, self.name, _CONNECTIONS, calls) for side in sides]
        return contestants + loop(bench, _HASH, "hash")

    def compare(self, samples: dict[str, Sample]) -> None:
        hashes = samples.get(_HASH)
        for name in ("gatehouse", "fastapi"):
            if hashes and name in samples:
                mine = samples[name]
                mine.more[_BEYOND] = mine.per_thousand() - hashes.per_thousand()
                mine.more[_SHARE] = mine.rate / (hashes.rate * self.cores)
