#!/usr/bin/env python3
"""What requests cost that are made to cost more than they look: milliseconds of processor time of each process, beside an
ordinary request's.

Swift compares texts by what is canonically equivalent, and sorts each run of combining marks by insertion: fields and
names full of them, in the worst order, are most of what is sent here. The others are long lists and paths of many segments.

Usage: Tests/Benchmarks/hostile.py [TIMES EACH]     (20)
"""

import base64
import socket
import sys

from suite import TICKS, Meter, Suite

SERVICES = ("gateway", "identity", "token")
FORM, JSON = b"application/x-www-form-urlencoded", b"application/json"


def marks(size):
    """So many bytes of combining marks, whose classes fall."""
    return b"".join(mark.encode() * (size // 10) for mark in "\u0345\u0315\u0301\u0316\u0334")


def get(path, name=b"Accept", value=b"*/*", method=b"GET"):
    return method + b" " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + name + b": " + value + b"\r\n\r\n"


def post(path, body, kind=FORM, fields=b""):
    return (b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + kind + b"\r\n" + fields
            + b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)


def bearer(header):
    return b"Bearer " + base64.urlsafe_b64encode(header).rstrip(b"=") + b".e30.AAAA"


def requests():
    me, keys, about = b"/api/v1/auth/me", b"/.well-known/jwks.json", b"/.well-known/oauth-authorization-server"
    introspect, login = b"/oauth2/introspect", b"/api/v1/auth/login"
    field, name = marks(30_000), marks(15_000)
    asked = b"x\r\nAccess-Control-Request-Method: " + field
    basic = b"Authorization: Basic " + base64.b64encode(marks(20_000) + b":x") + b"\r\n"
    yield "ordinary", get(me)
    yield "a method asked about before CORS", get(b"/a/b/c/d/e", b"Origin", asked, b"OPTIONS")
    yield "X-Tenant", get(b"/", b"X-Tenant", field)
    yield "Connection", get(keys, b"Connection", field)
    yield "Connection, 15,000 options", get(keys, b"Connection", b"a," * 15_000)
    yield "Origin", get(me, b"Origin", field)
    yield "an access token's type", get(me, b"Authorization", bearer(b'{"alg":"ES256","typ":"' + marks(14_000) + b'"}'))
    yield "the name of a form's parameter", post(introspect, marks(32_000) + b"=1")
    yield "the names of two", post(introspect, marks(16_000) + b"=1&a" + name + b"=1")
    yield "Content-Type", post(introspect, b"token=a", field)
    yield "a client's id", post(introspect, b"token=a&client_id=x", fields=basic)
    yield "If-None-Match", get(about, b"If-None-Match", field)
    yield "If-None-Match, 15,000 tags", get(about, b"If-None-Match", b"a," * 15_000)
    yield "the name of a member of JSON", post(login, b'{"' + name + b'":1}', JSON)
    yield "a path of 4,000 segments", get(b"/api/v1/nothing" + b"/a" * 4000)
    yield "the same of an alias", get(b"/admin/users" + b"/a" * 4000)
    yield "the API's description", get(b"/api/v1/openapi.json")


def status(port, request):
    """Sends it on a connection of its own; the status of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        answer = b""
        while b"\r\n" not in answer:
            part = connection.recv(65536)
            if not part:
                break
            answer += part
    return answer[9:12].decode()


def main():
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with Suite() as suite:
        meter = Meter(suite, *SERVICES)
        print(f"Milliseconds each, a clock of {1000 / TICKS / times:.1f}.\n\n| | answer | " + " | ".join(SERVICES)
              + " |\n|---|---|" + "---|" * len(SERVICES))
        for name, request in requests():
            before = meter.cpu()
            answers = {status(suite.ports["GATEWAY"], request) for _ in range(times)}
            after = meter.cpu()
            used = (f"{(after[service] - before[service]) * 1000 / times:.1f}" for service in SERVICES)
            print(f"| {name} | {', '.join(sorted(answers))} | {' | '.join(used)} |", flush=True)


if __name__ == "__main__":
    main()
