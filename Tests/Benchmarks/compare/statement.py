"""Statements alone, by pgbench on Gatehouse's own Postgres; that of a refresh one by one, in a pipeline, many rows in one."""

import glob
import os
import re

from gateway.processes import Failure, finish, found, started
from suite import ROOT

from .gatehouse import TENANT, Gatehouse
from .load import file_name
from .sample import Sample
from .workload import Bench

_CLIENTS, _AT_ONCE = 8, 20
_VALUES = {3: "'gatehouse'", 4: "864000", 5: "null::text"}


def written(name: str, source: str, *parts: str) -> str:
    """A statement as it stands in the code, in which these parts have to occur."""
    match = re.search(rf'"{name}".*?"""\n(.*?)"""', source, re.DOTALL)
    if not match or any(part not in match[1] for part in parts):
        raise Failure(f"the statement {name} is not as the benchmark knows it.")
    return match[1].strip()


def filled(text: str, values: dict[int, str]) -> str:
    """A statement with values for these parameters; others stay."""
    return re.sub(r"\$(\d+)", lambda parameter: values.get(int(parameter[1]), parameter[0]), text)


def rotation(source: str) -> str:
    """The statement for any of a session's generations: whatever it has is the right one."""
    text = written("rotation_rotate", source, "s.generation = $2", "s.id = $1")
    return filled(text.replace("s.generation = $2", "s.generation >= 0"), _VALUES)


def script(statement: str, identifier: str, sessions: int, way: str) -> tuple[str, int]:
    """A script of pgbench, and how many rotations it makes. `identifier` is the SQL of a session's id by its number."""
    def draw(name: str) -> str:
        return f"\\set {name} random(1, {sessions})\n"

    def rotate(name: str) -> str:
        return statement.replace("$1", identifier.format(f":{name}")) + ";\n"

    names = [f"n{number}" for number in range(_AT_ONCE)]
    match way:
        case "pipelined":
            return ("".join(map(draw, names)) + "\\startpipeline\n" + "".join(map(rotate, names)) + "\\endpipeline\n",
                    _AT_ONCE)
        case "batched":
            ids = ", ".join(identifier.format(f":{name}") for name in names)
            # In the order of ids, so that two batches do not wait for one another in a circle.
            many = statement.replace("s.id = $1", f"s.id in ({ids})").replace(
                "where s.tenant_id", "where s.id in (select l.id from sessions l where l.tenant_id = current_tenant() "
                f"and l.id in ({ids}) order by l.id for update) and s.tenant_id", 1)
            return "".join(map(draw, names)) + many + ";\n", _AT_ONCE
    return draw("n") + rotate("n"), 1


class Statement:
    """A contestant: a script again and again, prepared, as the services' role."""

    version = "pgbench"

    def __init__(self, bench: Bench, side: Gatehouse, name: str, script: str, each: int = 1,
                 options: tuple[object, ...] = ("-c", _CLIENTS)):
        """A run of the script is so many operations; `options` are pgbench's."""
        self.bench, self.side, self.name, self.each, self.options = bench, side, name, each, options
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin/pgbench"))
        self.program = programs[-1] if programs else found("pgbench")
        self.file = bench.scratch / f"{file_name(name)}.sql"
        self.file.write_text(script)

    def measure(self, seconds: float) -> Sample:
        self.bench.pin(self.side)
        self.run(1)
        meter = self.bench.meter(self.side)
        transactions = self.run(seconds)
        used = {"postgres": meter.cpu()["postgres"]}
        return Sample(transactions * self.each, seconds, used)

    def run(self, seconds: float) -> int:
        """How often it was done."""
        with started(self.command(seconds)) as process:
            return self.done(finish(process, timeout=seconds + 60))

    def command(self, seconds: float) -> list[str]:
        environment = {"PGPASSFILE": str(self.side.suite.folder / "secrets/pgpass"),
                       "PGOPTIONS": f"-c gatehouse.tenant={TENANT}"}
        return self.bench.load_command(
            "env", *(f"{name}={value}" for name, value in environment.items()), self.program, "-n", "-h", "127.0.0.1",
            "-p", self.side.suite.ports["POSTGRES"], "-U", "gatehouse_service", "-M", "prepared", *self.options,
            # The database stands by itself: before version 17 `-d` is to tell everything that is done.
            "-T", max(1, round(seconds)), "-f", self.file, "gatehouse")

    @staticmethod
    def done(said: str) -> int:
        """What pgbench tells of it."""
        done = re.search(r"number of transactions actually processed: (\d+)", said)
        failed = re.search(r"number of failed transactions: (\d+)", said)
        if not done or not int(done[1]) or failed and int(failed[1]):
            raise Failure(f"pgbench's report is not as it should be:\n{said.strip()}")
        return int(done[1])


def of_refresh(bench: Bench, side: Gatehouse, identifier: str, sessions: int, way: str) -> Statement:
    """On so many sessions, the SQL of whose ids by number is `identifier`."""
    source = (ROOT / "Services/Token/Rotation/RotationStatements.swift").read_text()
    text, rotations = script(rotation(source), identifier, sessions, way)
    return Statement(bench, side, f"limit: statement, {way}", text, rotations)
