"""The statement of a refresh alone: pgbench on Gatehouse's own Postgres, one by one, in a pipeline, many rows in one."""

import glob
import os
import re

from gateway.processes import Failure, finish, found, started
from suite import ROOT

from .gatehouse import TENANT, Gatehouse
from .sample import Sample
from .workload import Bench

_CLIENTS, _AT_ONCE = 8, 20
_VALUES = {"$3": "'gatehouse'", "$4": "864000", "$5": "null::text"}


def rotation(source: str) -> str:
    """The statement as it stands in the code, for any of a session's generations: whatever it has is the right one."""
    found_text = re.search(r'"rotation_rotate".*?"""\n(.*?)"""', source, re.DOTALL)
    if not found_text or "s.generation = $2" not in found_text[1] or "s.id = $1" not in found_text[1]:
        raise Failure("the statement rotation_rotate is not as the benchmark knows it.")
    text = found_text[1].replace("s.generation = $2", "s.generation >= 0")
    for name, value in _VALUES.items():
        text = text.replace(name, value)
    return text.strip()


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
    """A contestant."""

    version = "pgbench"

    def __init__(self, bench: Bench, side: Gatehouse, identifier: str, sessions: int, way: str):
        """On so many sessions, the SQL of whose ids by number is `identifier`."""
        self.bench, self.side = bench, side
        self.name = f"limit: statement, {way}"
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin/pgbench"))
        self.program = programs[-1] if programs else found("pgbench")
        source = (ROOT / "Services/Token/Rotation/RotationStatements.swift").read_text()
        text, self.rotations = script(rotation(source), identifier, sessions, way)
        self.file = bench.scratch / f"statement-{way.replace(' ', '-')}.sql"
        self.file.write_text(text)

    def measure(self, seconds: float) -> Sample:
        self.bench.pin(self.side)
        self.run(1)
        meter = self.bench.meter(self.side)
        transactions = self.run(seconds)
        used = {"postgres": meter.cpu()["postgres"]}
        return Sample(transactions * self.rotations, seconds, used)

    def run(self, seconds: float) -> int:
        environment = {"PGPASSFILE": str(self.side.suite.folder / "secrets/pgpass"),
                       "PGOPTIONS": f"-c gatehouse.tenant={TENANT}"}
        command = self.bench.load_command(
            "env", *(f"{name}={value}" for name, value in environment.items()), self.program, "-n", "-h", "127.0.0.1",
            "-p", self.side.suite.ports["POSTGRES"], "-U", "gatehouse_service", "-d", "gatehouse", "-M", "prepared",
            "-c", _CLIENTS, "-T", max(1, round(seconds)), "-f", self.file)
        with started(command) as process:
            said = finish(process, timeout=seconds + 60)
        done = re.search(r"number of transactions actually processed: (\d+)", said)
        failed = re.search(r"number of failed transactions: (\d+)", said)
        if not done or not int(done[1]) or failed and int(failed[1]):
            raise Failure(f"pgbench's report is not as it should be:\n{said.strip()}")
        return int(done[1])
