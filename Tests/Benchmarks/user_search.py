#!/usr/bin/env python3
"""What a page of users costs Postgres with many users and with few: the statements as they stand in the code, prepared with
generic plans as the process has them, explained with what they read and which indexes they take.

Pages (of 8 kB) are the same every time; milliseconds are the median of some rounds. Ratios are of the larger tenant to the
smaller one. With the option the larger has a million users, which takes some minutes to make.

Usage: Tests/Benchmarks/user_search.py [--million] [ROUNDS]     (10^4 and 10^5 users, 9 rounds)
"""

import json
import os
import re
import statistics
import subprocess
import sys

from suite import ROOT, Suite

TENANT = "00000000-0000-7000-8000-000000000001"
MIDDLE = "'019aa6b1-f3c2-7d00-8000-000000001388'"

# What is asked for, by which statement, with which parameters.
CASES = [
    ("newest", "newest", "null, 51"),
    ("newest, further on", "newest", f"{MIDDLE}, 51"),
    ("oldest, further on", "oldest", f"{MIDDLE}, 51"),
    ("active", "newestActive", "null, 51"),
    ("disabled, 1 of 1,000", "newestDisabled", "null, 51"),
    ("role, 1 of 500", "newestOfRole", "null, 51, 'BENCHMARK'"),
    ("by e-mail, further on", "byEmail", "'m', 51"),
    ("by username backwards, further on", "byUsernameBackwards", "'m', 51"),
    ("begins with, one user", "beginning", "null, 51, '{name}', null"),
    ("begins with, all users: newest", "among", "null, 51, 'u', null, null"),
    ("contains, 20 users", "containing", "null, 51, 'zebrafinch', null"),
    ("contains, nobody", "containing", "null, 51, 'qqxqqxqq', null"),
    ("contains, 1 of 1,000", "containing", "null, 51, 'walnut', null"),
    ("contains, all users: newest", "among", "null, 51, null, 'example', null"),
    ("contains, nobody: newest", "among", "null, 51, null, 'qqxqqxqq', null"),
]


def statements():
    source = (ROOT / "Services/Admin/Users/UserListStatements.swift").read_text()
    found = {}
    pattern = r'static let (\w+) = PostgresStatement\(\s*"\w+", \[(.*?)\],\s*(#?)"""\n(.*?)"""'
    for name, types, _, text in re.findall(pattern, source, re.DOTALL):
        found[name] = (types.replace(".", ""), text)
    return found


class Database:
    def __init__(self, suite):
        self.suite = suite

    def run(self, user, sql):
        return self.suite.sql(sql, user, f"-c gatehouse.tenant={TENANT} -c plan_cache_mode=force_generic_plan")

    def fill(self, first, last):
        """Users first … last - 1: ids rise in the order they are made, as in life; names are spread evenly."""
        self.run("gatehouse_owner", f"""
            insert into users (tenant_id, id, email, username, display_name, state)
            select '{TENANT}', ('019aa6b1-f3c2-7d00-8000-' || lpad(to_hex(n), 12, '0'))::uuid, md5('mail' || n) || '@example.com', 'u' || md5(n::text),
                case when n % 1000 = 7 then 'walnut ' else '' end || md5('name' || n),
                case when n % 1000 = 3 then 'disabled' else 'active' end
            from generate_series({first}, {last} - 1) n;
            insert into user_roles (tenant_id, user_id, role_id)
            select '{TENANT}', ('019aa6b1-f3c2-7d00-8000-' || lpad(to_hex(n), 12, '0'))::uuid, roles.id from generate_series({first}, {last} - 1) n, roles
            where roles.tenant_id = '{TENANT}' and roles.name = 'BENCHMARK' and n % 500 = 1""")
        self.run("gatehouse_owner", "vacuum analyze users, user_roles")

    def explain(self, statement, parameters):
        types, text = statement
        sql = f"prepare s({types}) as {text};\nexplain (analyze, timing off, buffers, format json) execute s({parameters});"
        plan = json.loads(self.run("gatehouse_admin", sql))[0]
        indexes = set()

        def visit(node):
            if "Index Name" in node:
                indexes.add(node["Index Name"])
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] not in ("roles", "tenants"):
                indexes.add(f"SCAN OF {node['Relation Name']}")
            for child in node.get("Plans", []):
                visit(child)

        visit(plan["Plan"])
        root = plan["Plan"]
        return root["Shared Hit Blocks"] + root["Shared Read Blocks"], plan["Execution Time"], indexes


def measure(database, rounds):
    known, results = statements(), {}
    name = "u" + database.run("gatehouse_owner", "select md5('4711')").strip()
    for title, statement, parameters in CASES:
        runs = [database.explain(known[statement], parameters.format(name=name)) for _ in range(rounds + 1)][1:]
        results[title] = (
            min(run[0] for run in runs), statistics.median(run[1] for run in runs), set.union(*(run[2] for run in runs)))
    return results


def main():
    words = [word for word in sys.argv[1:] if word != "--million"]
    large = 1_000_000 if "--million" in sys.argv else 100_000
    rounds = int(words[0]) if words else 9
    with Suite() as suite:
        database = Database(suite)
        database.run("gatehouse_owner", f"""
            insert into roles (tenant_id, id, name) values ('{TENANT}', gen_random_uuid(), 'BENCHMARK')""")
        database.fill(0, 10_000)
        database.run("gatehouse_owner", """
            update users set display_name = 'zebrafinch' where id in (
                select ('019aa6b1-f3c2-7d00-8000-' || lpad(to_hex(n), 12, '0'))::uuid from generate_series(0, 9999, 500) n)""")
        few = measure(database, rounds)
        for first in range(10_000, large, 50_000):
            database.fill(first, min(first + 50_000, large))
        many = measure(database, rounds)
    print(f"| page of 50 | pages: 10^4 | {large:,} | ratio | ms: 10^4 | {large:,} | ratio | read from |")
    print("|---|---|---|---|---|---|---|---|")
    for title, (pages, time, _) in few.items():
        more, longer, indexes = many[title]
        print(f"| {title} | {pages} | {more} | {more / max(pages, 1):.2f} | {time:.2f} | {longer:.2f} | "
              f"{longer / time:.2f} | {', '.join(sorted(indexes))} |")


main()
