"""A check that can't fail proves nothing: each is shown a history in which something is wrong, and one in which nothing is.

deploy/test runs it, deploy/faults runs what it is about: python3 -m unittest discover -s Tests/Faults
"""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Benchmarks"))

import checks  # noqa: E402
from checks import Truth, Window  # noqa: E402
from history import FAIL, INFO, OK, Operation  # noqa: E402
from watch import Sample  # noqa: E402

WINDOW = Window(100.0, 110.0, 110.0, 115.0)


def operation(kind: str, at: float, outcome: str = OK, status: int = 200, took: float = 0.01, **more) -> Operation:
    return Operation(kind, "c1", more.pop("gateway", 0), at, at + took, outcome, status, **more)


def refused(kind: str, at: float, **more) -> Operation:
    return operation(kind, at, FAIL, 401, **more)


class Errors(unittest.TestCase):
    def breaches(self, *operations: Operation, may_break_off: bool = False) -> list[str]:
        return checks.errors(operations, WINDOW, may_break_off)

    def test_refusals_inside_the_window_are_well(self) -> None:
        self.assertEqual(self.breaches(operation("me", 105, INFO, 503), operation("me", 99, INFO, 503, took=2)), [])

    def test_an_error_of_the_servers_own_is_never_well(self) -> None:
        self.assertIn("answered 500", self.breaches(operation("me", 105, FAIL, 500))[0])

    def test_a_refusal_outside_the_window_is_named(self) -> None:
        self.assertIn("outside of the fault", self.breaches(operation("me", 90, INFO, 503))[0])
        self.assertIn("outside of the fault", self.breaches(operation("me", 116, INFO, 503))[0])

    def test_a_refusal_says_when_to_come_back(self) -> None:
        self.assertIn("without Retry-After", self.breaches(operation("me", 105, INFO, 503, retry_after=False))[0])

    def test_a_connection_may_break_off_only_when_a_gateway_was_touched(self) -> None:
        lost = operation("me", 105, INFO, 0, detail="lost: EOFError")
        self.assertIn("no gateway was touched", self.breaches(lost)[0])
        self.assertEqual(self.breaches(lost, may_break_off=True), [])

    def test_a_person_who_is_signed_in_is_not_refused(self) -> None:
        self.assertIn("me answered 401", self.breaches(refused("me", 105))[0])

    def test_logins_that_find_no_room_are_counted_and_few(self) -> None:
        crowd = [operation("login", 90, INFO, 503, detail="urn:gatehouse:problem:overloaded") for _ in range(4)]
        self.assertEqual(self.breaches(*crowd), [])
        self.assertEqual(checks.turned_away([*crowd, *(operation("me", 90) for _ in range(200))], WINDOW), ([], 4))
        self.assertTrue(checks.turned_away([*crowd, *(operation("me", 90) for _ in range(20))], WINDOW)[0])
        self.assertIn("login answered 503", self.breaches(operation("login", 90, INFO, 503))[0])
        self.assertIn("me answered 503", self.breaches(
            operation("me", 90, INFO, 503, detail="urn:gatehouse:problem:overloaded"))[0])

    def test_what_needs_nothing_that_is_broken_goes_on(self) -> None:
        found = [operation("check", 105, INFO, 503)]
        self.assertIn("goes on without", checks.untouched(found, WINDOW, ["check"])[0])
        self.assertEqual(checks.untouched(found, WINDOW, ["me"]), [])


class Rows(unittest.TestCase):
    def test_a_lost_row_is_named(self) -> None:
        self.assertEqual(checks.lost({"ann", "bob"}, ["ann"], "user"), ["user bob was acknowledged and is lost"])

    def test_a_row_that_is_there_twice_is_named(self) -> None:
        self.assertIn("2 times", checks.lost({"ann"}, ["ann", "ann"], "audit row of")[0])

    def test_rows_that_nobody_was_told_of_are_well(self) -> None:
        self.assertEqual(checks.lost({"ann"}, ["ann", "eve"], "user"), [])


class Sessions(unittest.TestCase):
    def test_a_line_of_refreshes_is_well(self) -> None:
        self.assertEqual(checks.sessions([
            operation("refresh", 1, presented="a", received="b"), operation("refresh", 2, presented="b", received="c"),
            operation("newest", 3, presented="c", received="d"), refused("used", 4), refused("after-reuse", 5),
            refused("ended", 6), refused("ended-access", 7)]), [])

    def test_the_same_successor_twice_is_well(self) -> None:
        self.assertEqual(checks.sessions([
            operation("refresh", 1, presented="a", received="b"),
            operation("refresh", 2, presented="a", received="b")]), [])

    def test_two_lineages_are_named(self) -> None:
        self.assertIn("two lineages", checks.sessions([
            operation("refresh", 1, presented="a", received="b"),
            operation("refresh", 2, presented="a", received="c")])[0])

    def test_each_breach_is_named(self) -> None:
        for kind, found, words in (
                ("refresh", refused("refresh", 1), "its newest refresh token was refused"),
                ("newest", operation("newest", 1, INFO, 503), "was not taken"),
                ("used", operation("used", 1), "taken again"),
                ("after-reuse", operation("after-reuse", 1), "outlived the reuse"),
                ("ended", operation("ended", 1), "taken after it had been ended"),
                ("ended-access", operation("ended-access", 1), "access token was taken"),
                ("ended", operation("ended", 1, INFO, 503), "not 401")):
            with self.subTest(kind):
                self.assertIn(words, checks.sessions([found])[0])

    def test_a_refresh_that_stood_still_may_end_its_session_and_no_other(self) -> None:
        found = [operation("refresh", 102, INFO, 0, session="s"), operation("refresh", 102, session="t"),
                 operation("refresh", 102, INFO, 503, session="u"), refused("me", 105, session="u"),
                 *(refused("refresh", 111, session=each) for each in "stu")]
        excused = checks.late_copies(found, WINDOW)
        self.assertEqual(excused, {"s"})
        self.assertEqual(len(checks.sessions(found, excused)), 2)

    def test_an_answer_about_somebody_else_is_named(self) -> None:
        self.assertTrue(checks.strangers([operation("me", 1, detail="somebody else")]))


class Revocations(unittest.TestCase):
    logout = operation("logout", 10, session="s", took=0)

    def late(self, *operations: Operation, cut_off=()) -> list[str]:
        return checks.revocations([self.logout, *operations], 1, cut_off)[0]

    def test_a_token_that_is_taken_within_the_bound_is_well(self) -> None:
        found = checks.revocations([self.logout, operation("check-after-logout", 10.5, session="s"),
                                    refused("check-after-logout", 10.6, session="s")], 1)
        self.assertEqual(found, ([], 1, 0.5))

    def test_a_token_that_is_taken_later_is_named(self) -> None:
        self.assertIn("1.5 s after its end", self.late(operation("check-after-logout", 11.5, session="s"))[0])

    def test_a_gateway_that_stood_still_has_the_bound_from_when_it_goes_on(self) -> None:
        cut_off = [(0, 9.0, 20.0)]
        self.assertEqual(self.late(operation("check-after-logout", 20.5, session="s"), cut_off=cut_off), [])
        self.assertTrue(self.late(operation("check-after-logout", 21.5, session="s"), cut_off=cut_off))
        self.assertTrue(self.late(operation("check-after-logout", 20.5, session="s", gateway=1), cut_off=cut_off))

    def test_an_end_that_nobody_acknowledged_is_none(self) -> None:
        unknown = operation("logout", 10, INFO, 503, session="t")
        found = checks.revocations([unknown, operation("check-after-logout", 15, session="t")], 1)
        self.assertEqual(found, ([], 0, 0.0))


class Readiness(unittest.TestCase):
    def breaches(self, *samples: tuple[float, str, int | None, str], truth: Truth = Truth(), of: str = "readiness"
                 ) -> list[str]:
        return checks.readiness([Sample(at, name, of, status, word) for at, name, status, word in samples],
                                WINDOW, truth)

    def test_green_without_a_reason_to_be_red_is_well(self) -> None:
        self.assertEqual(self.breaches((105, "token", 200, "ok"), (120, "token", 200, "ok")), [])

    def test_red_without_a_reason_is_named(self) -> None:
        self.assertTrue(self.breaches((105, "token", 503, "unavailable")))

    def test_green_with_a_reason_to_be_red_is_named_once_it_had_time(self) -> None:
        truth = Truth(red=frozenset(["token"]), detected=3)
        self.assertTrue(self.breaches((104, "token", 200, "ok"), truth=truth))
        self.assertEqual(self.breaches((102, "token", 200, "ok"), (104, "token", 503, "unavailable"), truth=truth), [])

    def test_who_changes_between_red_and_green_answers_all_the_same(self) -> None:
        truth = Truth(changing=frozenset(["token"]))
        self.assertEqual(self.breaches((105, "token", 503, "unavailable"), (106, "token", 200, "ok"), truth=truth), [])
        self.assertTrue(self.breaches((105, "token", None, ""), truth=truth, of="liveness"))

    def test_degraded_has_to_be_said_and_is_not_red(self) -> None:
        truth = Truth(degraded=frozenset(["token"]))
        self.assertTrue(self.breaches((105, "token", 200, "ok"), truth=truth))
        self.assertTrue(self.breaches((105, "token", 503, "unavailable"), truth=truth))
        self.assertEqual(self.breaches((105, "token", 200, "degraded"), truth=truth), [])

    def test_what_is_not_green_again_in_time_is_named(self) -> None:
        self.assertTrue(self.breaches((116, "token", 503, "unavailable")))
        self.assertTrue(self.breaches(*((116 + step / 10, "token", 200, "degraded") for step in range(12))))

    def test_degraded_for_a_moment_is_well(self) -> None:
        self.assertEqual(self.breaches(
            (116, "token", 200, "degraded"), (116.5, "token", 200, "ok"), (117.5, "token", 200, "degraded")), [])

    def test_liveness_is_never_red(self) -> None:
        truth = Truth(silent=frozenset(["token"]))
        self.assertTrue(self.breaches((105, "token", 503, ""), truth=truth, of="liveness"))
        self.assertTrue(self.breaches((105, "admin", None, ""), truth=truth, of="liveness"))
        self.assertEqual(self.breaches((105, "token", None, ""), truth=truth, of="liveness"), [])


class Availability(unittest.TestCase):
    def test_failures_are_counted_by_kind_and_second(self) -> None:
        found = checks.availability([
            operation("me", 99.2), operation("me", 101.2), operation("me", 101.5, INFO, 503),
            operation("me", 112.0, INFO, 0, detail="lost: EOFError")], WINDOW)
        self.assertEqual((found.requests, found.failures, found.kinds), (3, 2, {"503": 1, "lost": 1}))
        self.assertEqual(found.seconds, {-1: (0, 1), 1: (1, 2), 12: (1, 1)})
        self.assertAlmostEqual(found.detected, 1.51)
        self.assertAlmostEqual(found.recovered, 2.0)


if __name__ == "__main__":
    unittest.main()
