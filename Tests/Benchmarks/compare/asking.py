"""Single requests outside of any load."""

import http.client
from typing import NamedTuple

from .side import Call


class Answer(NamedTuple):
    status: int
    fields: http.client.HTTPMessage
    body: bytes


def ask(port: int, call: Call, timeout: float = 10) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(call.method, call.path, call.body, call.headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def status(port: int, path: str, timeout: float = 10) -> int | None:
    """How a GET is answered; None where it is not."""
    try:
        return ask(port, Call("GET", path), timeout).status
    except (OSError, http.client.HTTPException):
        return None
