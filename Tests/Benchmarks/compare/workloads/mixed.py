"""A day's mixture of requests, by one load."""

import random

from .. import wrk
from ..load import Load, Pool, access_tokens, file_name
from ..side import Side
from ..workload import Bench, Contestant, Workload

_TOKENS, _SESSIONS = 32, 5000


class Mixture(Load):
    """One side's requests and sessions."""

    def __init__(self, bench: Bench, side: Side, shares: dict[str, int], connections: int, label: str):
        super().__init__(bench, side, connections)
        stem = bench.scratch / f"{label}-{file_name(side.name)}"
        self.requests_file, self.order_file = stem.with_suffix(".requests"), stem.with_suffix(".order")
        self.shares = shares
        self.pool = Pool(bench, side, stem, connections, _SESSIONS)

    def write(self) -> None:
        """Requests with access tokens that live long enough, and their order."""
        side = self.side
        access, users = access_tokens(self.bench, side, _TOKENS), side.users(_TOKENS)
        calls = {
            "me": [side.call("me", access=token) for token in access],
            "introspect": [side.call("introspect", token=token) for token in access],
            "login": [side.call("login", user=user.name, password=user.password) for user in users],
            "client_credentials": [side.call("client_credentials")], "jwks": [side.call("jwks")],
        }
        requests = [(what, call) for what in self.shares if what != "refresh" for call in calls[what]]
        wrk.write_records(self.requests_file, [wrk.text(call) for _, call in requests])
        wrk.write_lines(self.order_file, order(self.shares, [what for what, _ in requests]))

    def load(self, seconds: float) -> wrk.Outcome:
        self.pool.write()
        outcome = wrk.run(self.bench, self.side.port, "mixed", self.connections, seconds,
                          [self.requests_file, self.order_file, self.pool.template, self.pool.file, self.pool.journal])
        self.pool.update(outcome)
        return outcome


def order(shares: dict[str, int], whats: list[str], rounds: int = 20) -> list[int]:
    """Turns by numbers of requests counted from 1, 0 for a refresh: in each hundred every kind has its share exactly."""
    chance, turns = random.Random(7), []
    for _ in range(rounds):
        hundred = []
        for what, share in shares.items():
            numbers = [number for number, each in enumerate(whats, 1) if each == what] or [0]
            hundred += [chance.choice(numbers) for _ in range(share)]
        chance.shuffle(hundred)
        turns += hundred
    return turns


class Mixed(Workload):
    name = "mixed"
    title = "A mixture"
    shares = {"me": 70, "introspect": 15, "refresh": 8, "client_credentials": 3, "login": 2, "jwks": 2}
    # No more than passwords may wait to be hashed by one core, beyond which logins are refused.
    connections = 4
    remark = ". Most of the time are the hashes of the logins, which cost all sides the same."
    names = ("gatehouse", "fastapi")

    def contestants(self, bench: Bench) -> list[Contestant]:
        self.text = (f"On {self.connections} connections by turns: "
                     + ", ".join(f"{share} % {what.replace('_', ' ')}" for what, share in self.shares.items())
                     + self.remark)
        return [Mixture(bench, side, self.shares, self.connections, self.name)
                for side in bench.sides(*self.names)]


class MixedWithoutLogins(Mixed):
    name = "mixed-signed-in"
    title = "A mixture without logins"
    shares = {"me": 72, "introspect": 15, "refresh": 8, "client_credentials": 3, "jwks": 2}
    connections = 32
    remark = "."
