#!/usr/bin/env python3
"""How long after a logout was answered another gateway still lets its access token in, with Redis and without.

A second gateway has the token in its cache. The session is ended through the first; from the moment its answer is read,
the second is asked again and again until it refuses.

Usage: Tests/Benchmarks/revocation.py [ROUNDS] [ROUNDS WITHOUT REDIS]     (300 and 40)
"""

import sys
import time

from suite import Door, Suite, quantile


def measure(suite, user, gateways, rounds):
    token = Door(suite.ports["TOKEN"])
    first, second = (Door(port) for port in gateways)
    times = []
    for _ in range(rounds):
        access = suite.open_session(token, user)["access_token"]
        assert second.send("GET", "/api/v1/auth/me", bearer=access)[0] == 200
        assert first.send("POST", "/api/v1/auth/logout", bearer=access)[0] == 204
        answered = time.perf_counter()
        while second.send("GET", "/api/v1/auth/me", bearer=access)[0] != 401:
            pass
        times.append((time.perf_counter() - answered) * 1000)
    return times


def main():
    rounds = [int(word) for word in sys.argv[1:3]] + [300, 40][len(sys.argv[1:3]):]
    with Suite() as suite, suite.second_gateway() as other:
        user, _, _ = suite.register()
        gateways = (suite.ports["GATEWAY"], other)
        print("| Redis | rounds | p50 ms | p99 ms | longest ms |\n|---|---|---|---|---|")
        for name, count in (("up", rounds[0]), ("down", rounds[1])):
            if name == "down":
                suite.deploy("service", "stop", "redis")
                time.sleep(1)
            times = measure(suite, user, gateways, count)
            print(f"| {name} | {count} | {quantile(times, 0.5):.1f} | {quantile(times, 0.99):.1f} | {max(times):.1f} |",
                  flush=True)


if __name__ == "__main__":
    main()
