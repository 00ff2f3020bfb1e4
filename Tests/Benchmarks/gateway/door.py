"""What is measured: a server's two doors, the processes behind them, and whether they answer as they should."""

import dataclasses
import http.client
import ssl
import time

from .processes import Failure, has_ended

PATH = "/api/v1/echo"
ORIGIN = "https://app.example"
# What each server says in its own way, or of one answer only.
_OWN = {"connection", "content-length", "content-type", "date", "keep-alive", "ratelimit", "server",
        "transfer-encoding", "x-request-id"}


@dataclasses.dataclass
class Side:
    """Gatehouse or one of its peers."""

    name: str
    version: str
    # The ports of HTTP/1.1 and of TLS.
    plain: int
    tls: int
    # The processes of the proxy itself, and those behind it.
    front: list
    behind: list

    def port(self, is_tls):
        return self.tls if is_tls else self.plain


@dataclasses.dataclass
class Answer:
    status: int
    fields: list
    body: bytes

    @property
    def names(self):
        return {name for name, _ in self.fields}

    @property
    def constant(self):
        """The fields that every answer has alike: security and CORS."""
        return [(name, value) for name, value in self.fields if name not in _OWN]


def ask(port, is_tls):
    """One request as the loads make it."""
    if is_tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", PATH, headers={"Origin": ORIGIN})
        answer = connection.getresponse()
        return Answer(answer.status, [(name.lower(), value) for name, value in answer.getheaders()], answer.read())
    finally:
        connection.close()


def check(side, like, server):
    """Waits until both doors of a peer answer as `like` does: status, size, fields."""
    for is_tls in (False, True):
        fault = _fault(side.port(is_tls), is_tls, like)
        until = time.monotonic() + 10
        while fault and time.monotonic() < until and not has_ended(server.process):
            time.sleep(0.1)
            fault = _fault(side.port(is_tls), is_tls, like)
        if fault:
            raise server.failure(f"does not answer {'over TLS' if is_tls else 'in plain text'} as it should: {fault}")


def _fault(port, is_tls, like):
    try:
        answer = ask(port, is_tls)
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    if answer.status != like.status:
        return f"status {answer.status}"
    if len(answer.body) != len(like.body):
        return f"{len(answer.body)} bytes instead of {len(like.body)}"
    missing = [f"{name}: {value}" for name, value in like.constant if (name, value) not in answer.fields]
    missing += sorted((like.names & {"x-request-id"}) - answer.names)
    return f"without {', '.join(missing)}" if missing else None


def check_ours(answer):
    """The benchmark is worth nothing when the gateway leaves out a part of its job."""
    if answer.status != 200:
        raise Failure(f"the gateway answers {PATH} with {answer.status}: {answer.body[:200]!r}")
    for name, what in (("ratelimit", "no rate limit"), ("access-control-allow-origin", "no CORS"),
                       ("x-frame-options", "no security header")):
        if name not in answer.names:
            raise Failure(f"the gateway's answers show {what}: they have no {name}.")
