"""The same requests where there are many users, and where there are many tenants."""

from tenants import fill

from ..load import Calls, access_tokens
from ..population import Population
from ..sample import Sample
from ..side import Call, Side
from ..workload import Bench, Contestant, Workload
from .refresh import Refreshes

_CONNECTIONS, _TOKENS, _SESSIONS, _LOGINS = 32, 500, 4000, 1000
_BOUND = "1.35 times what 10,000 cost are allowed."


def sizes(least: int, most: int) -> list[int]:
    """Tenfold each, up to the most."""
    found = [least]
    while found[-1] * 10 <= most:
        found.append(found[-1] * 10)
    return found


def profiles(bench: Bench, workload: Workload, sides: list[Side], tokens: int) -> list[Contestant]:
    def calls(side: Side) -> list[Call]:
        return [side.call("me", access=token) for token in access_tokens(bench, side, tokens)]

    return [Calls(bench, side, workload.name, _CONNECTIONS, calls) for side in sides]


class Users(Workload):
    """One workload of those that share their populations."""

    ours = "gatehouse, 10,000 users"
    names = ("gatehouse, 10,000 users", "100,000", "1,000,000, with --users 10000000 so many")

    def sides(self, bench: Bench) -> list[Side]:
        """Made by whichever workload comes first."""
        made = []
        for count in sizes(10_000, 100_000 if bench.is_quick else bench.most_users):
            side = bench.side(f"gatehouse, {count:,} users")
            if not hasattr(side, "population"):
                side.population = Population(side, count)
            made.append(side.population)
        return made


class UsersMe(Users):
    name = "users-me"
    title = "The own profile, of many users"
    text = (f"`GET` of the profile of {_TOKENS:,} people from all over the tables, by turns on {_CONNECTIONS} "
            "connections. " + _BOUND)

    def contestants(self, bench: Bench) -> list[Contestant]:
        return profiles(bench, self, self.sides(bench), _TOKENS)


class UsersRefresh(Users):
    name = "users-refresh"
    title = "Refresh, of many users"
    text = f"Each user has a session; {_SESSIONS:,} from all over the table are refreshed. " + _BOUND

    def contestants(self, bench: Bench) -> list[Contestant]:
        return [Refreshes(bench, side, _SESSIONS) for side in self.sides(bench)]


class Logins(Calls):
    """What a login asks of Postgres is told apart: its hash would hide all else."""

    def measure(self, seconds: float) -> Sample:
        sample = super().measure(seconds)
        sample.more["Postgres CPU s per 1,000"] = sample.per_thousand("postgres")
        return sample


class UsersLogin(Users):
    name = "users-login"
    title = "Login, of many users"
    text = (f"Logins of {_LOGINS:,} people from all over the tables on 4 connections. The password's hash is most of "
            "it, so that of Postgres alone tells what finding a user costs.")
    columns = {"Postgres CPU s per 1,000": "{:.3f}"}

    def contestants(self, bench: Bench) -> list[Contestant]:
        def calls(side: Side) -> list[Call]:
            return [side.call("login", user=user.name, password=user.password) for user in side.users(_LOGINS)]

        return [Logins(bench, side, self.name, 4, calls) for side in self.sides(bench)]


class Tenants(Workload):
    ours = "gatehouse, 1 tenant"
    names = ("gatehouse, 1 tenant", "10,000, with --tenants 100000 so many")

    def sides(self, bench: Bench) -> list[Side]:
        made = []
        for count in (1, 1000 if bench.is_quick else bench.most_tenants):
            side = bench.side(f"gatehouse, {count:,} tenant{'s' if count > 1 else ''}")
            if count > 1 and not hasattr(side, "tenants"):
                # A key, which the tenants are given copies of, is made with the first token.
                access_tokens(bench, side, 1)
                fill(side.suite, count)
                side.tenants = count
            made.append(side)
        return made


class TenantsMe(Tenants):
    name = "tenants-me"
    title = "The own profile, of many tenants"
    text = (f"`GET` of the profile by people of one tenant, on {_CONNECTIONS} connections; each tenant has a key and a "
            "client.")

    def contestants(self, bench: Bench) -> list[Contestant]:
        return profiles(bench, self, self.sides(bench), 32)


class TenantsRefresh(Tenants):
    name = "tenants-refresh"
    title = "Refresh, of many tenants"
    text = f"{_SESSIONS:,} sessions of people of one tenant."

    def contestants(self, bench: Bench) -> list[Contestant]:
        return [Refreshes(bench, side, _SESSIONS) for side in self.sides(bench)]
