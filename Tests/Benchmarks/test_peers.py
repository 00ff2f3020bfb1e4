"""What the comparison's peers and its larger workloads reckon, without a server: deploy/test runs it.

python3 -m unittest discover -s Tests/Benchmarks
"""

import asyncio
import base64
import contextlib
import hmac
import pathlib
import sys
import tempfile
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from compare import pace  # noqa: E402
from compare.peers import duties  # noqa: E402
from compare.peers.fastapi import FastAPI  # noqa: E402
from compare.population import Population  # noqa: E402
from compare.side import Call, Session, Side, User  # noqa: E402
from compare.workloads import mixed, overload, scale  # noqa: E402
from gateway.processes import Failure  # noqa: E402


class Turns(unittest.TestCase):
    SHARES = {"me": 70, "refresh": 28, "jwks": 2}

    def test_each_hundred_has_every_share_exactly(self) -> None:
        turns = mixed.order(self.SHARES, ["me", "me", "jwks"], rounds=3)
        self.assertEqual(len(turns), 300)
        for begin in (0, 100, 200):
            hundred = turns[begin:begin + 100]
            self.assertEqual(sum(number in (1, 2) for number in hundred), 70)
            self.assertEqual(hundred.count(3), 2)
            # What has no request of its own is a refresh.
            self.assertEqual(hundred.count(0), 28)

    def test_all_mixtures_are_of_a_hundred(self) -> None:
        for kind in (mixed.Mixed, mixed.MixedWithoutLogins):
            self.assertEqual(sum(kind.shares.values()), 100)


class Overloads(unittest.TestCase):
    QUIET = {"200": [1.0] * 99 + [5.0]}

    def then(self, **logins: list[float]) -> dict:
        return {"me": {"200": [2.0] * 100}, "login": logins}

    def made(self, then: dict):
        return overload.sample(2.0, 50.0, self.QUIET, then, {}, {})

    def test_refusals_are_no_errors(self) -> None:
        sample = self.made(self.then(**{"200": [30.0] * 96, "503": [1.0] * 200}))
        self.assertEqual((sample.operations, sample.refused, sample.errors), (96, 200, {}))
        self.assertAlmostEqual(sample.more["then to alone"], 0.96)
        self.assertEqual(sample.more["me quiet p99 ms"], 5.0)
        self.assertEqual(sample.more["me p99 then to quiet"], 0.4)

    def test_anything_else_is_an_error(self) -> None:
        sample = self.made(self.then(**{"200": [30.0], "500": [1.0], "TimeoutError": [1.0, 1.0]}))
        self.assertEqual(sample.errors, {"login: 500": 1, "login: TimeoutError": 2})
        broken = self.then(**{"200": [30.0]})
        broken["me"]["503"] = [1.0]
        self.assertEqual(self.made(broken).errors, {"me, then: 503": 1})

    def test_nobody_in_is_no_figure(self) -> None:
        with self.assertRaises(Failure):
            self.made(self.then(**{"503": [1.0]}))


class Pace(unittest.TestCase):
    def run_against(self, status: int, order: dict) -> dict:
        async def work() -> dict:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                with contextlib.suppress(asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
                    while await reader.readuntil(b"\r\n\r\n"):
                        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\nok" % status)
                writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1")
            async with server:
                return await pace.run(order | {"port": server.sockets[0].getsockname()[1], "settle": 0, "seconds": 0.5})

        return asyncio.run(work())

    def test_a_pace_is_kept_and_answers_are_told_apart(self) -> None:
        requests = ["GET / HTTP/1.1\r\nHost: a\r\n\r\n"]
        streams = [{"name": "paced", "per_second": 100, "requests": requests},
                   {"name": "callers", "callers": 2, "requests": requests}]
        answers = self.run_against(503, {"streams": streams})
        self.assertLessEqual(len(answers["paced"]["503"]), 51)
        self.assertGreater(len(answers["paced"]["503"]), 0)
        self.assertEqual(list(answers["callers"]), ["503"])


class Sizes(unittest.TestCase):
    def test_tenfold_up_to_the_most(self) -> None:
        self.assertEqual(scale.sizes(10_000, 1_000_000), [10_000, 100_000, 1_000_000])
        self.assertEqual(scale.sizes(10_000, 10_000), [10_000])

    def test_sessions_of_a_population_come_once(self) -> None:
        class Tokens:
            def write(self, session: bytes) -> str:
                return session.hex()

        class Inner:
            tokens = Tokens()

            def sessions(self, count: int) -> list[Session]:
                return [Session("new", None, "new")] * count

        population = Population.__new__(Population)
        population.inner, population.prefix, population.unasked = Inner(), "019aa6b100007000", list(range(1, 11))
        found = [session.refresh for session in population.sessions(6)]
        self.assertEqual(len(set(found)), 6)
        # Four are left, which are too few.
        self.assertEqual({session.user for session in population.sessions(5)}, {"new"})
        self.assertEqual(len({session.refresh for session in population.sessions(4)} | set(found)), 10)


class FastAPITokens(unittest.TestCase):
    def test_computed_as_the_service_does(self) -> None:
        """16 bytes of the session, 8 of the generation, the code."""
        with tempfile.TemporaryDirectory() as folder:
            side, session = FastAPI(pathlib.Path(folder)), uuid.UUID(int=5)
            data = base64.urlsafe_b64decode(side._refresh(session, 3) + "=")
            self.assertEqual(data[:24], session.bytes + bytes(7) + b"\x03")
            self.assertEqual(data[24:], hmac.digest(side._refresh_key, data[:24], "sha256"))


class Duties(unittest.TestCase):
    """The walk has to find a server that leaves something out."""

    def walk(self, **faults: bool) -> None:
        side = Pretence(faults)
        ask, duties.ask = duties.ask, side.answer
        try:
            duties.check(side)
        finally:
            duties.ask = ask

    def test_a_good_server_passes(self) -> None:
        self.walk()

    def test_each_duty_that_is_left_out_is_found(self) -> None:
        for fault in ("lets_everybody_in", "keeps_the_token", "takes_used_tokens", "forgives_reuse", "believes_all",
                      "verifies_nothing", "revokes_nothing"):
            with self.subTest(fault), self.assertRaises(Failure):
                self.walk(**{fault: True})


class Pretence(Side):
    """A server in memory, with faults."""

    name = "pretence"

    def __init__(self, faults: dict[str, bool]):
        self.faults, self.port = faults, 0
        self.current: dict[str, int] = {}
        self.ended: set[str] = set()

    def has(self, fault: str) -> bool:
        return self.faults.get(fault, False)

    def offers(self, what: str) -> bool:
        return what in ("login", "me", "refresh", "introspect", "revoke")

    def users(self, count: int) -> list[User]:
        return [User("1", "somebody", "right")] * count

    def call(self, what: str, **values: str) -> Call:
        return Call(what, "", values)

    def tokens(self, session: str) -> tuple[int, dict]:
        return 200, {"access_token": f"{session}.A", "refresh_token": f"{session}-{self.current[session]}"}

    def answer(self, _: Side, call: Call) -> tuple[int, dict]:
        values = call.headers
        match call.method:
            case "login":
                if values["password"] != "right" and not self.has("lets_everybody_in"):
                    return 401, {}
                session = f"s{len(self.current)}"
                self.current[session] = 0
                return self.tokens(session)
            case "refresh":
                session, _, number = values["refresh"].partition("-")
                if session in self.ended:
                    return 401, {}
                if int(number) != self.current[session] and not self.has("takes_used_tokens"):
                    if not self.has("forgives_reuse"):
                        self.ended.add(session)
                    return 401, {}
                self.current[session] += 0 if self.has("keeps_the_token") else 1
                return self.tokens(session)
            case "revoke":
                if not self.has("revokes_nothing"):
                    self.ended.add(values["refresh"].partition("-")[0])
                return 204, {}
            case "introspect":
                session, _, signature = values["token"].partition(".")
                is_active = signature == "A" and session not in self.ended
                return 200, {"active": is_active or self.has("believes_all")}
            case _:
                session, _, signature = values["access"].partition(".")
                is_good = (signature == "A" or self.has("verifies_nothing")) and session not in self.ended
                return (200, {}) if is_good else (401, {})


if __name__ == "__main__":
    unittest.main()
