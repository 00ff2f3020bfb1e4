#!/usr/bin/env python3
"""What a request costs where there are many tenants, beside what it costs where there is one.

Two suites run side by side, one of them with many tenants, each of which has its keys. Rounds alternate between the two;
CPU is user and kernel time of the suite's processes, Postgres among them, in seconds per 1,000 requests, and what is
compared is the median of the rounds' ratios. Then a tenant is changed ten times: what that costs the processes, which read
all tenants anew.

Usage: Tests/Benchmarks/tenants.py [TENANTS [ROUNDS]]     (10,000 and 5)
"""

import statistics
import sys
import time

from suite import Door, Meter, Suite

PROCESSES = ["gateway", "identity", "token", "admin"]


def fill(suite, count):
    """Makes tenants with a client and a key each; the keys are the default tenant's, nobody signs with them."""
    # The first ones apart: plans made for empty tables, foreign keys' among them, would read all rows for each tenant.
    few = min(count, 1000)
    for first, last in ((1, few), (few + 1, count)):
        suite.sql(f"""
            select count(provision_tenant(gen_random_uuid(), 'many' || n, 'Tenant ' || n))
            from generate_series({first}, {last}) n;
            analyze""")
    suite.sql(f"""
        insert into signing_keys (tenant_id, kid, algorithm, state, public_key, sealed_private_key, activated_at)
        select t.id, k.kid || '-' || t.slug, k.algorithm, 'active', k.public_key, k.sealed_private_key, now()
        from tenants t, (select * from signing_keys where state = 'active' limit 1) k where t.slug like 'many%';
        analyze;
        insert into events (tenant_id, kind, subject_id)
        select id, kind, id from tenants, unnest(array['tenant.changed', 'keys.changed', 'client.changed']) kind
        where slug like 'many%' order by slug = 'many{count}'""")
    door = Door(suite.ports["GATEWAY"])
    while door.send("GET", f"/t/many{count}/.well-known/jwks.json")[0] != 200:
        time.sleep(0.1)


def memory(suite):
    sizes = []
    for name in PROCESSES:
        process = (suite.folder / "state" / f"{name}.pid").read_text().split()[0]
        with open(f"/proc/{process}/status") as status:
            sizes.append(next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024)
    return sizes


class Side:
    """One of the two suites, with somebody who is signed in there."""

    def __init__(self, suite):
        self.suite = suite
        self.meter = Meter(suite, *PROCESSES)
        self.user = suite.register()[0]
        self.door, self.token = Door(suite.ports["GATEWAY"]), Door(suite.ports["TOKEN"])

    def cost(self, count, request):
        before = sum(self.meter.cpu().values())
        for _ in range(count):
            request()
        return (sum(self.meter.cpu().values()) - before) * 1000 / count

    def sign_in(self):
        self.tokens = self.suite.open_session(self.token, self.user)

    def me(self):
        status, _ = self.door.send("GET", "/api/v1/auth/me", bearer=self.tokens["access_token"])
        assert status == 200, status

    def refresh(self):
        status, self.tokens = self.door.send(
            "POST", "/api/v1/auth/refresh", {"refresh_token": self.tokens["refresh_token"]})
        assert status == 200, status

    def change(self, name):
        """Changes the tenant's CORS origins, and waits until the gateway goes by them."""
        origin = f"https://{name}.example"
        self.suite.sql(f"""
            update tenants set settings = settings || '{{"cors_origins": ["{origin}"]}}' where slug = 'default';
            insert into events (tenant_id, kind, subject_id) select id, 'tenant.changed', id from tenants
            where slug = 'default'""")
        while True:
            self.door.connection.request("GET", "/api/v1/echo", headers={"Origin": origin})
            answer = self.door.connection.getresponse()
            answer.read()
            if answer.headers.get("Access-Control-Allow-Origin") == origin:
                return
            time.sleep(0.2)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with Suite() as few, Suite() as many:
        one, other = Side(few), Side(many)
        # A key is made with the first token.
        one.sign_in()
        other.sign_in()
        fill(many, count)
        print(f"1 tenant beside {count:,}, {rounds} rounds\n\n| | 1 | {count:,} | ratio |\n|---|---|---|---|")
        for title, requests, request in [("`me`", 2000, Side.me), ("refresh", 1000, Side.refresh)]:
            costs = []
            for turn in range(rounds + 1):
                sides = [one, other] if turn % 2 else [other, one]
                used = {side: side.cost(requests, lambda: request(side)) for side in sides}
                costs.append((used[one], used[other]))
                one.sign_in()
                other.sign_in()
            costs = costs[1:]
            ratios = sorted(b / a for a, b in costs)
            print(f"| {title}, CPU s per 1,000 | {statistics.median(a for a, _ in costs):.3f} | "
                  f"{statistics.median(b for _, b in costs):.3f} | {statistics.median(ratios):.2f} "
                  f"({ratios[0]:.2f}–{ratios[-1]:.2f}) |", flush=True)
        cpu = []
        for side in [one, other]:
            before = sum(side.meter.cpu().values())
            for number in range(10):
                side.change(f"c{number}")
            time.sleep(2)
            cpu.append((sum(side.meter.cpu().values()) - before) / 10)
        print(f"| a tenant's change, CPU s of all processes | {cpu[0]:.3f} | {cpu[1]:.3f} | |")
        for name, a, b in zip(PROCESSES, memory(few), memory(many)):
            print(f"| resident memory of {name}, MiB | {a:.1f} | {b:.1f} | |")


if __name__ == "__main__":
    main()
