#!/usr/bin/env python3
"""What taking users in costs, and giving them out: JSON lines with password hashes, through the gateway.

Rates are the caller's. CPU is user and kernel time of the process in seconds per 1,000 rows, Postgres with all its
processes; memory is the peak of resident memory within the step. Each import comes to a database that has the users of
the steps before it. A row that is not taken as it should be ends the run, and so does an imported hash that does not let
its owner in.

Usage: Tests/Benchmarks/user_import.py [USERS]     (100,000)
"""

import base64
import contextlib
import hashlib
import http.client
import pathlib
import random
import sys
import tempfile
import time

from suite import Door, Meter, Suite

PASSWORD = "correct horse 7 battery"
IMPORT = "/api/v1/admin/users/import"


class Caller:
    def __init__(self, suite):
        self.suite = suite

    def token(self):
        status, tokens = Door(self.suite.ports["GATEWAY"]).send(
            "POST", "/api/v1/auth/login",
            {"email": "root@example.com", "password": self.suite.secret("first_superuser_password")})
        assert status == 200, (status, tokens)
        return tokens["access_token"]

    def send(self, method, path, file=None):
        """Sends a file, or takes an answer as it comes; returns the status, the answer's last 4 KiB and its lines."""
        connection = http.client.HTTPConnection("127.0.0.1", self.suite.ports["GATEWAY"], timeout=600)
        headers = {"Authorization": f"Bearer {self.token()}"}
        if file:
            headers |= {"Content-Type": "application/x-ndjson", "Content-Length": str(file.stat().st_size)}
        with open(file, "rb") if file else contextlib.nullcontext() as body:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            end, lines = b"", 0
            while part := answer.read(64 << 10):
                end, lines = (end + part)[-4096:], lines + part.count(b"\n")
        return answer.status, end, lines


def write_users(file, prefix, count):
    """Users with hashes of Argon2id, which nobody computed but one: a Django hash of a password that is known."""
    def text(data):
        return base64.b64encode(data).decode().rstrip("=")

    with open(file, "w") as lines:
        for number in range(count):
            stored = f"$argon2id$v=19$m=19456,t=2,p=1${text(random.randbytes(16))}${text(random.randbytes(32))}"
            if number == count // 2:
                digest = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"saltsaltsalt", 600_000)
                stored = f"pbkdf2_sha256$600000$saltsaltsalt${base64.b64encode(digest).decode()}"
            name = f"{prefix}{number:07}"
            lines.write(f'{{"username":"{name}","email":"{name}@example.com","email_verified":true,'
                        f'"display_name":"Nobody the {number}th","password_hash":"{stored}"}}\n')


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with Suite(FIRST_SUPERUSER_EMAIL="root@example.com") as suite, tempfile.TemporaryDirectory() as folder:
        caller, meter = Caller(suite), Meter(suite, "admin", "gateway")
        few, many = (pathlib.Path(folder) / name for name in ["few", "many"])
        write_users(few, "few", count // 10)
        write_users(many, "many", count)
        size = many.stat().st_size / 2**20
        print(f"{count:,} users, {size:.0f} MiB\n")
        print("| step | rows | seconds | rows/s | CPU admin | gateway | postgres | peak MiB admin | gateway |")
        print("|---|---|---|---|---|---|---|---|---|")

        def step(title, rows, expected, *request):
            meter.forget_peaks()
            before, began = meter.cpu(), time.monotonic()
            status, end, lines = caller.send(*request)
            seconds, after, peaks = time.monotonic() - began, meter.cpu(), meter.peaks()
            assert status == 200 and (expected in end if expected else lines == rows), (title, status, lines, end)
            cpu = " | ".join(f"{(after[name] - before[name]) * 1000 / rows:.3f}" for name in after)
            print(f"| {title} | {rows:,} | {seconds:.1f} | {rows / seconds:,.0f} | {cpu} | {peaks['admin']:.1f} | "
                  f"{peaks['gateway']:.1f} |", flush=True)

        created, skipped = f'"created":{count},'.encode(), f'"skipped":{count},'.encode()
        step("import, a tenth", count // 10, f'"created":{count // 10},'.encode(), "POST", IMPORT, few)
        step("dry run", count, created, "POST", f"{IMPORT}?dry_run=true", many)
        step("import", count, created, "POST", IMPORT, many)
        step("import again, all skipped", count, skipped, "POST", f"{IMPORT}?on_conflict=skip", many)
        total = count + count // 10 + 1
        export = "/api/v1/admin/users/export"
        step("export with hashes", total, None, "GET", f"{export}?include=password_hash")
        step("export as CSV", total + 1, None, "GET", f"{export}?format=csv")
        status, answer = Door(suite.ports["GATEWAY"]).send(
            "POST", "/api/v1/auth/login", {"username": f"many{count // 2:07}", "password": PASSWORD})
        assert status == 200, (status, answer)


main()
