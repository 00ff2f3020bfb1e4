#!/usr/bin/env python3
"""What the statement of a refresh costs Postgres: as it stands in the code, and with the roles read by the schema's
function instead of a subquery. One client, prepared, interleaved rounds; commits do not wait for the disk.

Usage: Tests/Benchmarks/rotation_statement.py [ROUNDS] [SECONDS OF EACH]     (5 and 3)
"""

import glob
import os
import re
import statistics
import subprocess
import sys

from suite import ROOT, Door, Suite


def statement():
    source = (ROOT / "Services/Token/Rotation/RotationStatements.swift").read_text()
    text = re.search(r'"rotation_rotate".*?"""\n(.*?)"""', source, re.DOTALL).group(1)
    # The same row again and again: whatever generation it has is the right one.
    return text.replace("s.generation = $2", "s.generation >= 0")


def main():
    rounds, seconds = (list(map(int, sys.argv[1:3])) + [5, 3][len(sys.argv[1:3]):])
    pgbench = sorted(glob.glob("/usr/lib/postgresql/*/bin/pgbench"))[-1]
    with Suite() as suite:
        user, _, _ = suite.register()
        session = suite.open_session(Door(suite.ports["TOKEN"]), user)["session_id"]
        text = statement()
        for name, value in {"$1": f"'{session}'", "$3": "'gatehouse'", "$4": "864000", "$5": "null::text[]"}.items():
            text = text.replace(name, value)
        by_function = re.sub(r"(?<!_)array\(\s*select.*?u\.is_superuser\s*\)", "role_claims(s.user_id)", text, flags=re.DOTALL)
        assert by_function != text
        files = {"as it stands": text, "roles by function": by_function}
        environment = {
            **os.environ, "PGPASSFILE": str(suite.folder / "secrets/pgpass"),
            "PGOPTIONS": "-c gatehouse.tenant=00000000-0000-7000-8000-000000000001 -c synchronous_commit=off",
        }
        latencies = {name: [] for name in files}
        for _ in range(rounds):
            for name, sql in files.items():
                path = suite.folder / "statement.sql"
                path.write_text(sql.strip() + ";\n")
                output = subprocess.run(
                    [pgbench, "-n", "-h", "127.0.0.1", "-p", str(suite.ports["POSTGRES"]), "-U", "gatehouse_service",
                     "-d", "gatehouse", "-M", "prepared", "-T", str(seconds), "-f", path],
                    env=environment, check=True, capture_output=True, text=True).stdout
                latencies[name].append(float(re.search(r"latency average = ([0-9.]+)", output).group(1)))
        print("| statement | median ms |\n|---|---|")
        for name, values in latencies.items():
            print(f"| {name} | {statistics.median(values):.3f} |")


main()
