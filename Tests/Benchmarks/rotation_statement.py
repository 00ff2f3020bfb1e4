#!/usr/bin/env python3
"""What the statement of a refresh costs Postgres: as it stands in the code; without its look at the session's
organization; with the roles read by the schema's function instead of a subquery; and the two statements that a session in
an organization takes. One client, prepared, interleaved rounds; commits do not wait for the disk.

Usage: Tests/Benchmarks/rotation_statement.py [ROUNDS] [SECONDS OF EACH]     (5 and 3)
"""

import glob
import os
import re
import statistics
import subprocess
import sys
import uuid

from compare.statement import filled, written
from suite import ROOT, Door, Suite


def statement(name):
    text = written(name, (ROOT / "Services/Token/Rotation/RotationStatements.swift").read_text())
    # The same row again and again: whatever generation it has is the right one.
    return text.replace("s.generation = $2", "s.generation >= 0")


def main():
    rounds, seconds = (list(map(int, sys.argv[1:3])) + [5, 3][len(sys.argv[1:3]):])
    pgbench = sorted(glob.glob("/usr/lib/postgresql/*/bin/pgbench"))[-1]
    with Suite() as suite:
        user, _, _ = suite.register()
        door = Door(suite.ports["TOKEN"])
        session, inside = (suite.open_session(door, user)["session_id"] for _ in range(2))

        def ready(text, session):
            return filled(text, {
                1: f"'{session}'", 3: "'gatehouse'", 4: "864000", 5: "null", 6: "null::uuid", 7: "false"}) + ";\n"

        text = statement("rotation_rotate")
        without = text.replace("and s.organization_id is null", "")
        by_function = re.sub(
            r"(?<!_)array\(\s*select.*?u\.is_superuser\s*\)", "role_claims(s.user_id)", text, flags=re.DOTALL)
        assert text not in (without, by_function)
        files = {
            "as it stands": ready(text, session),
            "without a look at the organization": ready(without, session),
            "roles by function": ready(by_function, session),
            "in an organization: both statements": ready(text, inside)
            + ready(statement("rotation_rotate_in_organization"), inside),
        }
        tenant, organization = "00000000-0000-7000-8000-000000000001", uuid.uuid4()
        environment = {
            **os.environ, "PGPASSFILE": str(suite.folder / "secrets/pgpass"),
            "PGOPTIONS": f"-c gatehouse.tenant={tenant} -c synchronous_commit=off",
        }
        subprocess.run(
            ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(suite.ports["POSTGRES"]),
             "-U", "gatehouse_service", "-d", "gatehouse", "-c", f"""
                insert into organizations (tenant_id, id, slug, name) values ('{tenant}', '{organization}', 'a', 'A');
                insert into organization_members (tenant_id, organization_id, user_id, role)
                    values ('{tenant}', '{organization}', '{user}', 'owner');
                update sessions set organization_id = '{organization}' where id = '{inside}'"""],
            env=environment, check=True)
        latencies = {name: [] for name in files}
        for _ in range(rounds):
            for name, sql in files.items():
                path = suite.folder / "statement.sql"
                path.write_text(sql)
                output = subprocess.run(
                    [pgbench, "-n", "-h", "127.0.0.1", "-p", str(suite.ports["POSTGRES"]), "-U", "gatehouse_service",
                     "-M", "prepared", "-T", str(seconds), "-f", path, "gatehouse"],
                    env=environment, check=True, capture_output=True, text=True).stdout
                latencies[name].append(float(re.search(r"latency average = ([0-9.]+)", output).group(1)))
        print("| statement | median ms |\n|---|---|")
        for name, values in latencies.items():
            print(f"| {name} | {statistics.median(values):.3f} |")


main()
