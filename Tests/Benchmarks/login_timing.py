#!/usr/bin/env python3
"""Whether the time of a refused login tells if the account exists: quantiles of each kind of refusal, interleaved, and
how well a guesser could tell it from a wrong password: the share of pairs in which it took longer. 0.5 is not at all.

Usage: Tests/Benchmarks/login_timing.py [LOGINS OF EACH KIND]     (400)
"""

import bisect
import random
import sys
import time

from suite import Door, Suite, quantile


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    with Suite() as suite:
        door = Door(suite.ports["GATEWAY"])
        # A new account every four wrong passwords, before the count of failures turns into waiting.
        known = [suite.register()[1] for _ in range(count // 4 + 1)]
        locked = suite.register()[1]
        disabled_id, disabled, password = suite.register()
        root = door.send("POST", "/api/v1/auth/login", {
            "email": "admin@example.com", "password": suite.secret("first_superuser_password")})[1]["access_token"]
        changed, _ = door.send("PATCH", f"/api/v1/admin/users/{disabled_id}", {"state": "disabled"}, bearer=root)
        assert changed == 200, changed
        for _ in range(8):
            door.send("POST", "/api/v1/auth/login", {"username": locked, "password": "wrong"})
        kinds = {
            "wrong password": lambda n: (known[n // 4], "wrong password"),
            "unknown account": lambda n: (f"nobody{n}", "wrong password"),
            "locked account": lambda n: (locked, "wrong password"),
            "disabled account, right password": lambda n: (disabled, password),
        }
        times = {kind: [] for kind in kinds}
        for number in range(count):
            for kind in random.sample(list(kinds), len(kinds)):
                name, secret = kinds[kind](number)
                began = time.perf_counter()
                status, _ = door.send("POST", "/api/v1/auth/login", {"username": name, "password": secret})
                times[kind].append((time.perf_counter() - began) * 1000)
                assert status == 401, (kind, status)
        print("| refused because | p10 ms | p50 ms | p90 ms | p99 ms | longer than a wrong password |")
        print("|---|---|---|---|---|---|")
        base = sorted(times["wrong password"])
        for kind, values in times.items():
            longer = sum(bisect.bisect_left(base, value) + bisect.bisect_right(base, value) for value in values)
            share = longer / 2 / len(base) / len(values)
            quantiles = " | ".join(f"{quantile(values, q):.2f}" for q in (0.1, 0.5, 0.9, 0.99))
            print(f"| {kind} | {quantiles} | {share:.3f} |")


main()
