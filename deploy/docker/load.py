#!/usr/bin/env python3
"""Asks a gateway for as long as it is wanted, and counts what failed: the load of deploy/compose-test.

    load.py URL NAME WORKERS SECONDS

Each worker registers a user of its own, logs in and asks on one connection, without a pause: reads, which are safe to
repeat, and now and then a refresh, which is not. Prints `ready` when all have logged in, and on SIGTERM, or after
SECONDS, `READS FAILED REFRESHES FAILED`, then a line for each kind of failure."""

import collections
import http.client
import json
import signal
import sys
import threading
import time
import urllib.parse

READS = ["/api/v1/users/me/sessions", "/.well-known/jwks.json", "/api/v1/users/me/sessions", "/api/v1/auth/me"]
READS_PER_REFRESH = 20
PASSWORD = "correct horse 7 battery"

stopping = threading.Event()


class Worker(threading.Thread):
    def __init__(self, address, name):
        super().__init__(daemon=True)
        self.address, self.user = address, name
        self.reads = self.failed_reads = self.refreshes = self.failed_refreshes = 0
        self.failures = collections.Counter()
        self.connection = None
        self.logged_in = threading.Event()

    def ask(self, method, path, body=None, token=None):
        """The status and the body, or what kept an answer from coming and nothing."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(*self.address, timeout=30)
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection = None
            return type(error).__name__, b""

    def log_in(self):
        """The tokens of a new session; None when the time is up before there is one."""
        account = {"username": self.user, "password": PASSWORD}
        while not stopping.is_set():
            status, body = self.ask("POST", "/api/v1/auth/login", account)
            if status == 200:
                return json.loads(body)
            if status == 401:
                self.ask("POST", "/api/v1/auth/register", account)
            else:
                time.sleep(0.1)
        return None

    def run(self):
        tokens = self.log_in()
        self.logged_in.set()
        turn = 0
        while tokens and not stopping.is_set():
            turn += 1
            if turn % READS_PER_REFRESH:
                path = READS[turn % len(READS)]
                status, _ = self.ask("GET", path, token=tokens["access_token"])
                self.reads += 1
                if status != 200:
                    self.failed_reads += 1
                    self.failures[f"GET {path}: {status}"] += 1
            else:
                refresh = {"refresh_token": tokens["refresh_token"]}
                status, body = self.ask("POST", "/api/v1/auth/refresh", refresh)
                self.refreshes += 1
                if status == 200:
                    tokens = json.loads(body)
                else:
                    # Whether it was done nobody knows here; its successor is not to be had, so another session.
                    self.failed_refreshes += 1
                    self.failures[f"refresh: {status}"] += 1
                    tokens = self.log_in()


def main():
    url, name, count, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    parts = urllib.parse.urlsplit(url)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    workers = [Worker((parts.hostname, parts.port or 80), f"{name}{index}") for index in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.logged_in.wait()
    print("ready", flush=True)
    stopping.wait(seconds)
    stopping.set()
    for worker in workers:
        worker.join(35)
    sums = [sum(getattr(worker, of) for worker in workers) for of in ("reads", "failed_reads", "refreshes", "failed_refreshes")]
    print(*sums)
    for failure, times in sum((worker.failures for worker in workers), collections.Counter()).most_common():
        print(f"{times} {failure}")


main()
