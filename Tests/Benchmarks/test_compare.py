"""What deploy/benchmark reads, computes and writes, where it needs no server for it.

deploy/test runs it: python3 -m unittest discover -s Tests/Benchmarks
"""

import contextlib
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest
import uuid

from compare import budgets, callgrind, document, instructions, limits, login_statements, meter, report, statement, wrk
from compare.gatehouse import TENANT, TIGHT, _id, routes, tight_routes
from compare.sample import Sample, outside
from compare.side import Call
from compare.sides import ANOTHER, Sides
from compare.tokens import RefreshTokens, decode
from compare.workload import Simple, Workload
from compare.workloads import WORKLOADS, introspection, login
from gateway.processes import Failure
from suite import ROOT


def sample(side: str, number: int, used: float, operations: int = 1000, **more) -> Sample:
    return Sample(operations, 2.0, {"server": used}, 1.0, 2.0, 3.0, workload="some", side=side, round=number, **more)


class Tokens(unittest.TestCase):
    # What a suite's token process wrote, and the master key that it had.
    KEY = decode("b9xzwI4gveyt6zX5qrcc-iidM9mHNDxwC_mxDjQgKbM")
    SESSION = uuid.UUID("01a1ffe8-479a-7806-9b7c-b2358f5a7c09").bytes

    def test_they_are_those_of_the_token_process(self) -> None:
        tokens = RefreshTokens(self.KEY, TENANT.bytes)
        self.assertEqual(tokens.write(self.SESSION),
                         "ghr_AQAAAAAAAHAAgAAAAAAAAAEBof_oR5p4Bpt8sjWPWnwJAAAAAAAAAACtirJ9ko7xVC2vom6_Pnrd")
        self.assertEqual(tokens.write(self.SESSION, 1),
                         "ghr_AQAAAAAAAHAAgAAAAAAAAAEBof_oR5p4Bpt8sjWPWnwJAAAAAAAAAAG2ta2bdICyzcw6EEWDRRhM")

    def test_ids_are_those_that_sql_makes(self) -> None:
        self.assertEqual(str(_id("019aa6b1abcd7000", 255)), "019aa6b1-abcd-7000-8000-0000000000ff")


class Loads(unittest.TestCase):
    SAID = ('Running 2s test\nJSON {"requests":100,"microseconds":2000000,"p50":1500,"p99":9000,"p999":12000,'
            '"connect":0,"read":1,"write":0,"timeout":2,"status":7,"taken":60,"replayed":5,"matched":4,"statuses":{%s}}\n')

    def test_what_wrk_said_is_read(self) -> None:
        outcome = wrk.Outcome(self.SAID % "")
        self.assertEqual((outcome.requests, outcome.seconds, outcome.p50, outcome.p999), (100, 2.0, 1.5, 12.0))
        self.assertEqual(outcome.faults(), {"read error": 1, "no answer in 2 s": 2, "status above 399": 7})

    def test_refusals_that_are_expected_are_no_errors(self) -> None:
        outcome = wrk.Outcome(self.SAID % '"200":90,"401":7,"500":3')
        self.assertEqual(outcome.faults(400, 401), {"read error": 1, "no answer in 2 s": 2, "status 500": 3})

    def test_a_load_that_ended_early_tells_less(self) -> None:
        self.assertEqual(wrk.Outcome('JSON {"taken":3,"requests":4,"statuses":{"200":4}}').faults(), {})

    def test_without_a_report_there_are_no_figures(self) -> None:
        with self.assertRaisesRegex(Failure, "Segmentation"):
            wrk.Outcome("Segmentation fault\n")

    def test_nothing_answered_is_no_sample(self) -> None:
        outcome = wrk.Outcome('JSON {"requests":0,"statuses":{}}')
        with self.assertRaisesRegex(Failure, "no request was answered"):
            outcome.sample({}, {})

    def test_requests_are_written_whole(self) -> None:
        call = Call("POST", "/x", {"A": "b"}, "ü")
        self.assertEqual(wrk.text(call), "POST /x HTTP/1.1\r\nHost: localhost\r\nA: b\r\nContent-Length: 2\r\n\r\nü")
        self.assertEqual(wrk.text(Call("GET", "/")), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def test_records_say_their_length_in_bytes(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = wrk.write_records(pathlib.Path(folder) / "records", ["ab\n", "ü"])
            self.assertEqual(file.read_bytes(), b"3\nab\n2\n\xc3\xbc")


class Introspections(unittest.TestCase):
    def test_of_a_hundred_ten_are_new_and_one_is_revoked(self) -> None:
        turns = introspection.order(1000, known=100, revoked=20)
        new = [turn for turn in turns if turn > 120]
        self.assertEqual(sorted(new), list(range(121, 221)))
        self.assertEqual(sum(100 < turn <= 120 for turn in turns), 10)
        for begin in range(0, 1000, 100):
            self.assertEqual(sum(turn > 120 for turn in turns[begin:begin + 100]), 10)

    def test_without_revoked_ones_the_others_are_known(self) -> None:
        turns = introspection.order(100, known=100, revoked=0)
        self.assertEqual((len(turns), sum(turn > 100 for turn in turns)), (100, 10))


class Processes(unittest.TestCase):
    def test_cpu_is_own_and_that_of_children_that_were_waited_for(self) -> None:
        fields = " ".join(str(number) for number in range(3, 40))
        # The fields from the third on: user and kernel, own and of children, are the 14th to the 17th.
        self.assertEqual(meter.parse_stat(f"12 (a ) b) S {fields.partition(' ')[2]}"), 14 + 15 + 16 + 17)

    def test_a_process_that_is_gone_counts_nothing(self) -> None:
        process = os.posix_spawn("/bin/true", ["true"], {})
        os.waitpid(process, 0)
        self.assertEqual(meter.cpu_seconds([process]), 0)
        self.assertEqual(meter.memory_bytes([process]), (0, True))

    def test_a_family_is_a_process_and_its_children(self) -> None:
        read, write = os.pipe()
        process = os.posix_spawn("/bin/sh", ["sh", "-c", "sleep 60 & echo; wait"], {"PATH": os.environ["PATH"]},
                                 file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)], setpgroup=0)
        try:
            os.read(read, 1)
            self.assertEqual(len(meter.family(process)), 2)
        finally:
            os.killpg(process, 9)
            os.waitpid(process, 0)
            os.close(read)
            os.close(write)

    def test_one_core_is_shared_and_of_several_the_load_has_the_last(self) -> None:
        cores = meter.Cores(is_wanted=False)
        self.assertEqual(cores.load_command("wrk", 1), ["wrk", "1"])
        self.assertIn("not pinned", cores.sentence())
        cores.is_pinned, cores.servers, cores.load = True, [0, 1], 2
        self.assertEqual(cores.load_command("wrk", 1), ["taskset", "-c", "2", "wrk", "1"])
        self.assertEqual(cores.sentence(), "servers held to cores 0, 1, the load to core 2")


class Profiles(unittest.TestCase):
    DUMP = """\
creator: callgrind-3.19.0
positions: line
fn=(12) main
0 5
+3 7
cfn=(13) $s4Some8functionyyF
calls=2 0
* 40
-1 1
fn=(13)
0 40
totals: 53
"""

    def test_a_function_has_its_own_instructions_and_those_who_call_it_count_its_calls(self) -> None:
        profile = callgrind.Profile(self.DUMP)
        self.assertEqual(profile.instructions, {"main": 13, "$s4Some8functionyyF": 40})
        self.assertEqual(profile.calls, {"$s4Some8functionyyF": 2})
        self.assertEqual(profile.total, 53)


class Instructions(unittest.TestCase):
    SAID = "Events enabled\n%s;;instructions:u;624;100.00;;\n%s;;instructions:k;624;100.00;;\n"

    def parsed(self, *values: str) -> float | None:
        return instructions.parsed(self.SAID % values, instructions.EVENTS)

    def test_they_are_added_up_where_all_are_known(self) -> None:
        self.assertEqual(self.parsed("3000", "500"), 3500)
        self.assertEqual(self.parsed("<not counted>", "<not counted>"), 0, "nothing ran")
        self.assertIsNone(self.parsed("3000", "<not supported>"))
        self.assertIsNone(instructions.parsed("No permission to enable instructions:u event.\n", instructions.EVENTS))

    def test_each_group_is_counted_while_it_is_asked_for(self) -> None:
        # The processor's counters are not everywhere, its time is.
        events = ("task-clock:u",)
        if reason := instructions.why_not(events):
            self.skipTest(reason)
        busy, idle = (subprocess.Popen(command) for command in (["sh", "-c", "while :; do :; done"], ["sleep", "600"]))
        try:
            with instructions.counted({"busy": lambda: [busy.pid], "idle": lambda: [idle.pid], "none": list}, events) as found:
                time.sleep(0.3)
        finally:
            for process in (busy, idle):
                process.kill()
                process.wait()
        self.assertEqual((sorted(found), found["idle"]), (["busy", "idle"], 0))
        self.assertGreater(found["busy"], 0)


class Reports(unittest.TestCase):
    def setUp(self) -> None:
        self.workload = Workload()
        self.workload.name, self.workload.title = "me", "Something"
        self.samples = [sample("gatehouse", 1, 0.1), sample("gatehouse", 2, 0.2), sample("gatehouse", 3, 0.1),
                        sample("other", 1, 1.0), sample("other", 2, 1.0),
                        sample("other", 3, 3.0, errors={"status 500": 2})]
        for each in self.samples:
            each.workload = "me"
        self.fields = {"me": [Simple("gatehouse", "Gatehouse 1", None), Simple("other", "Other 2", None)]}
        about = {"measured": "2026-11-21T10:00:00Z", "set": "quick", "rounds": 3, "seconds": 2, "cores": 2,
                 "pinning": "pinned", "memory": "resident", "tools": ["wrk"],
                 "left_out": ["caddy is left out: away."], "is_whole": True}
        self.document = report.document(about, [self.workload], self.fields, self.samples)

    def test_ratios_are_of_the_same_round(self) -> None:
        other = self.document["results"][0]["sides"]["other"]
        self.assertEqual(other["cpu"], 1.0)
        self.assertEqual({name: round(value) for name, value in other["to_ours"].items()},
                         {"median": 10, "least": 5, "most": 30})

    def test_the_table_has_all_that_matters(self) -> None:
        text = report.markdown(self.document, "performance")
        self.assertIn("| other | 1.00 | 10.0 (5.00–30.0) | 1.00 | 2.00 | 3.00 | 500 | 2 |", text)
        self.assertIn("caddy is left out: away.", text)
        self.assertIn("(performance/me.svg)", text)
        self.assertNotIn("| refused |", text)

    def test_budgets_stand_beside_what_was_measured(self) -> None:
        row, = budgets.rows(self.document["results"])
        self.assertEqual((row.measured_text, row.share, row.pace), ("0.1", 1.0, None))
        self.assertEqual(list(row.peers), ["other"])

    def test_instructions_have_budgets_and_a_column_where_they_were_counted(self) -> None:
        self.assertNotIn("instructions", report.markdown(self.document))
        for each in self.samples:
            each.instructions = {"server": 165e6}
        result = report.document({}, [self.workload], self.fields, self.samples)["results"]
        self.assertEqual([(row.budget_text, row.share) for row in budgets.rows(result)][1:],
                         [("220 thousand instructions", 0.75)])
        self.assertIn("| gatehouse | 0.100 |  | 165 | 1.00 |", report.markdown(self.document | {"results": result}))

    def test_the_machine_is_told_from_that_of_the_budgets(self) -> None:
        sides = self.document["results"][0]["sides"]
        sides["limit: ES256 verification"] = sides["other"] | {"cpu": 0.128}
        row, = budgets.rows(self.document["results"])
        self.assertEqual((row.share, row.pace), (1.0, 2.0))
        self.assertIn("| 0.1 | 100% | 2.00 | 50% | other", report.markdown(self.document))

    def test_figures_of_several_runs_stand_together(self) -> None:
        name, = (result["name"] for result in self.document["results"])
        other = self.document | {"results": [self.document["results"][0] | {"name": "first"}], "samples": []}
        both = report.merged([self.document, other], ["first", name])
        self.assertEqual([result["name"] for result in both["results"]], ["first", name])
        self.assertEqual(both["samples"], self.document["samples"])
        with self.assertRaisesRegex(Failure, "differ in rounds"):
            report.merged([self.document, other | {"rounds": 9}], [name])

    def test_three_digits_count(self) -> None:
        self.assertEqual([report.short(value) for value in (0.03214, 0.5, 1.25, 12.34, 125.4, 0)],
                         ["0.0321", "0.500", "1.25", "12.3", "125", "0.0000"])

    def test_only_what_is_between_the_marks_is_replaced(self) -> None:
        page = f"before\n{document.BEGIN}\nold\n{document.END}\nafter\n"
        self.assertEqual(document.replaced(page, "new"),
                         f"before\n{document.BEGIN}\n\nnew\n\n{document.END}\nafter\n")
        with self.assertRaisesRegex(Failure, "no two lines"):
            document.replaced("nothing", "new")

    def test_the_page_has_the_marks(self) -> None:
        document.replaced(document.PAGE.read_text(), "new")

    def test_what_is_left_of_a_login_without_its_hash(self) -> None:
        work = login.Login()
        work.cores = 2
        ours, hashes = sample("gatehouse", 1, 22.5), sample(login._HASH, 1, 20.0)
        work.compare({"gatehouse": ours, login._HASH: hashes})
        self.assertEqual({name: round(value, 3) for name, value in ours.more.items()},
                         {login._BEYOND: 2.5, login._SHARE: 0.5})


    def test_threads_are_found_by_how_their_names_begin(self) -> None:
        name = pathlib.Path("/proc/self/comm").read_text().strip()
        found = meter.threads([os.getpid()], name[:4])
        self.assertIn(os.getpid(), found)
        self.assertEqual(meter.threads([os.getpid()], f"not {name}"), [])
        self.assertGreater(meter.thread_seconds(found), 0)


class Counts(unittest.TestCase):
    def test_each_one_too_few_or_too_many_is_an_error(self) -> None:
        self.assertEqual(outside(5, 3, 5, "refusals"), {})
        self.assertEqual(outside(0, 3, 5, "refusals"), {"refusals: 0, not 3 to 5": 3})
        self.assertEqual(outside(7, 3, 5, "refusals"), {"refusals: 7, not 3 to 5": 2})


class Statements(unittest.TestCase):
    def test_the_statement_is_found_in_the_code(self) -> None:
        source = (ROOT / "Services/Token/Rotation/RotationStatements.swift").read_text()
        text = statement.rotation(source)
        self.assertNotRegex(text, r"\$[2-9]")
        with self.assertRaises(Failure):
            statement.rotation(source.replace("s.generation = $2", ""))
        for way, count in (("singly", 1), ("pipelined", 20), ("batched", 20)):
            script, rotations = statement.script(text, "id({})", 10, way)
            self.assertEqual(rotations, count)
            self.assertEqual(len(re.findall(r"^\\set", script, re.MULTILINE)), count)
            self.assertNotIn("$1", script)

    def test_the_statements_of_a_login_are_given_all_they_want(self) -> None:
        script = login_statements.Logins("'c1x' || {}", "id({})").script(20, 4)
        self.assertNotIn("$", script)
        self.assertEqual(re.findall(r"^\\set n\d random\((\d+), (\d+)\)$", script, re.MULTILINE),
                         [("1", "5"), ("6", "10"), ("11", "15"), ("16", "20")])
        for number in range(4):
            self.assertIn(f"find_account('c1x' || :n{number}, ", script)
            self.assertIn(f", id(:n{number}), 'gatehouse', ", script)

    def test_each_limit_that_refuses_is_on_a_route(self) -> None:
        limited = {route["prefix"]: route.get("limits") for route in tight_routes()["routes"]}
        for kind, path in TIGHT.items():
            self.assertEqual(limited[path], [{"policy": f"tight_{kind}", "by": "address"}])

    def test_no_policy_of_the_others_refuses(self) -> None:
        self.assertGreaterEqual(min(policy["quota"] for policy in routes()["policies"].values()), 60_000_000)


class Builds(unittest.TestCase):
    def test_another_build_comes_behind_gatehouse_where_one_is_wished_for(self) -> None:
        def names(against: pathlib.Path | None) -> list[str]:
            sides = Sides(pathlib.Path(), [], contextlib.ExitStack(), print, against)
            return sides.with_another_build(("gatehouse", "gatehouse, no cache", "fastapi"))

        self.assertEqual(names(None), ["gatehouse", "gatehouse, no cache", "fastapi"])
        self.assertEqual(names(pathlib.Path("before")), ["gatehouse", ANOTHER, "gatehouse, no cache", "fastapi"])


class Workloads(unittest.TestCase):
    def test_names_are_unique_and_good_for_files(self) -> None:
        names = [each.name for each in WORKLOADS]
        self.assertEqual(len(names), len(set(names)))
        for name in names:
            self.assertRegex(name, r"^[a-z0-9-]+$")

    def test_budgets_are_of_workloads_that_there_are(self) -> None:
        names = [each.name for each in WORKLOADS]
        for budget in budgets.BUDGETS:
            self.assertIn(budget.workload, names)

    def test_each_limit_program_has_a_source(self) -> None:
        for name in limits.PARTS:
            self.assertTrue((limits.SOURCES / f"{name}.c").exists())


if __name__ == "__main__":
    unittest.main()
