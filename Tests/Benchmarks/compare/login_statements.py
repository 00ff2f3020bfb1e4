"""What a login asks of Postgres, by pgbench and nothing else, at the pace of logins: what no service can do with less."""

import time

from gateway.processes import Failure, finish, started
from suite import ROOT

from .gatehouse import TENANT, Gatehouse
from .load import WARM_UP, used_at_rest
from .sample import Sample
from .statement import Statement, filled, written
from .workload import Bench

# Logins a second, about as many as one core signs in, and how many of them go together where several do.
PER_SECOND, AT_ONCE = 60, 4
_USERS = 500
# Few, as services have few connections: what each keeps of functions and plans is to be in the caches as well.
_CLIENTS = 2
# Rises from one millisecond to the next, as the ids of sessions do.
_NEW_ID = ("encode(overlay(uuid_send(gen_random_uuid()) placing substring(int8send("
           "(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 'hex')::uuid")
# What the two statements are given behind the name and behind the new session's and the user's ids.
_ACCOUNT = ["'127.0.0.1'", "'{}'"]
_SESSION = ["'gatehouse'", "'{pwd}'", "null", "'benchmark'", "null", "null", "'127.0.0.1'", "864000", "8640000", "''", "0",
            "0", "gen_random_uuid()", "'benchmark'", "null",
            # Each comes with a device of its own, as the load does.
            "encode(sha256(uuid_send(gen_random_uuid())), 'hex')"]


class Logins:
    """The two statements for users by number, the SQL of whose names and ids is given."""

    def __init__(self, name: str, identifier: str):
        self.name, self.identifier = name, identifier
        self.account = written(
            "login_account", (ROOT / "Services/Identity/Login/LoginStatements.swift").read_text(), "$1, $2, $3)")
        self.session = written(
            "session_open", (ROOT / "Services/Token/Sessions/SessionStatements.swift").read_text(), "$17, $18)")

    def look(self, number: str) -> str:
        return filled(self.account, dict(enumerate([self.name.format(number), *_ACCOUNT], 1)))

    def open(self, number: str) -> str:
        return filled(self.session, dict(enumerate([_NEW_ID, self.identifier.format(number), *_SESSION], 1)))

    def script(self, users: int, count: int) -> str:
        """So many at once, whose looks are one transaction and whose sessions are another."""
        picks, share = [f"n{number}" for number in range(count)], users // count
        # Each from a part of its own, in their order: no two scripts wait for one another in a circle.
        text = "".join(f"\\set {pick} random({number * share + 1}, {(number + 1) * share})\n"
                       for number, pick in enumerate(picks))
        for step in (self.look, self.open):
            text += "\\startpipeline\n" + "".join(f"{step(f':{pick}')};\n" for pick in picks) + "\\endpipeline\n"
        return text

    def check(self, side: Gatehouse) -> None:
        """Whether somebody is found, and gets a session."""
        said = side.suite.sql(f"select account is not null from ({self.look('1')}) looked; "
                              f"select ends_at is not null from ({self.open('1')}) opened;", "gatehouse_service",
                              f"-c gatehouse.tenant={TENANT}")
        if said.split() != ["t", "t"]:
            raise Failure(f"the statements of a login find nobody: {said.strip()}")


class Paced(Statement):
    """A contestant: so many logins together, at the pace of logins."""

    def __init__(self, bench: Bench, side: Gatehouse, name: str, count: int):
        logins = Logins(*side.people(_USERS))
        logins.check(side)
        super().__init__(bench, side, name, logins.script(_USERS, count), count, ("-c", _CLIENTS, "-R", PER_SECOND / count))

    def measure(self, seconds: float) -> Sample:
        self.bench.pin(self.side)
        rest = used_at_rest(self.bench, self.side, seconds)["postgres"]
        with started(self.command(WARM_UP + seconds)) as process:
            # What a connection does first is done by then: functions and plans are there.
            time.sleep(WARM_UP)
            meter = self.bench.meter(self.side)
            time.sleep(seconds)
            used = meter.cpu()["postgres"] - rest
            done = self.done(finish(process, timeout=60))
        return Sample(round(done * self.each * seconds / (WARM_UP + seconds)), seconds, {"postgres": max(0.0, used)})
