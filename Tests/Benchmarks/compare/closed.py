#!/usr/bin/env python3
"""Callers who ask again at once, each to the end of its last request: what was sent was also answered, so that CPU belongs
to whole requests even where these are few. A process of its own.

Reads from standard input, as JSON: port, callers, seconds, requests. Writes how long it took, the milliseconds of each
request, and how many answers there were by status.
"""

import collections
import http.client
import itertools
import json
import sys
import threading
import time


class Connection(http.client.HTTPConnection):
    """One that sends head and body of a request at once, as other clients do: in two parts they wake the server twice."""

    unsent = b""

    def send(self, data: bytes) -> None:
        self.unsent += data

    def getresponse(self) -> http.client.HTTPResponse:
        data, self.unsent = self.unsent, b""
        super().send(data)
        return super().getresponse()


def call(connection: http.client.HTTPConnection, request: dict) -> str:
    """The answer's status, or what went wrong."""
    try:
        connection.request(request["method"], request["path"], request["body"], request["headers"])
        answer = connection.getresponse()
        answer.read()
        return str(answer.status)
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return type(error).__name__


def run(order: dict) -> dict:
    requests, times, outcomes = itertools.cycle(order["requests"]), [], collections.Counter()
    began = time.monotonic()

    def again_and_again() -> None:
        connection = Connection("127.0.0.1", order["port"], timeout=20)
        while (sent := time.monotonic()) < began + order["seconds"]:
            outcomes[call(connection, next(requests))] += 1
            times.append((time.monotonic() - sent) * 1000)
        connection.close()

    threads = [threading.Thread(target=again_and_again) for _ in range(order["callers"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"seconds": time.monotonic() - began, "milliseconds": times, "outcomes": outcomes}


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
