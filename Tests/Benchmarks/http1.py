"""A kept HTTP/1.1 connection that tells apart what was never sent and what nobody knows the end of."""

import asyncio
import contextlib
import json
from typing import Any, NamedTuple


class Answer(NamedTuple):
    status: int
    fields: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        value = json.loads(self.body) if self.body[:1] == b"{" else {}
        return value if isinstance(value, dict) else {}


class NotSent(Exception):
    """No connection could be made: the request can't have taken effect."""


class Lost(Exception):
    """The connection ended, or time was up, before an answer: the request may have taken effect."""


def request_bytes(method: str, path: str, body: Any, bearer: str | None, fields: dict[str, str] | None) -> bytes:
    """A request; bytes as its body are a form, anything else becomes JSON."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    payload = b""
    if isinstance(body, bytes):
        payload = body
        lines.append("Content-Type: application/x-www-form-urlencoded")
    elif body is not None:
        payload = json.dumps(body).encode()
        lines.append("Content-Type: application/json")
    if body is not None or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(payload)}")
    if bearer:
        lines.append(f"Authorization: Bearer {bearer}")
    lines += [f"{name}: {value}" for name, value in (fields or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


class Connection:
    def __init__(self, port: int, patience: float = 20.0):
        self.port, self.patience = port, patience
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    def close(self) -> None:
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None

    async def _open(self) -> None:
        # A connection that the other side closed while it was idle is not one to send on.
        if self.reader and (self.reader.at_eof() or self.reader.exception()):
            self.close()
        if not self.reader:
            try:
                async with asyncio.timeout(2):
                    self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            except (OSError, TimeoutError) as error:
                raise NotSent(type(error).__name__) from None

    async def send(self, method: str, path: str, body: Any = None, bearer: str | None = None,
                   fields: dict[str, str] | None = None) -> Answer:
        await self._open()
        try:
            async with asyncio.timeout(self.patience):
                self.writer.write(request_bytes(method, path, body, bearer, fields))
                await self.writer.drain()
                answer = await self._read()
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            self.close()
            raise Lost(type(error).__name__) from None
        except asyncio.CancelledError:
            self.close()
            raise
        if answer.fields.get("connection", "").lower() == "close":
            self.close()
        return answer

    async def _read(self) -> Answer:
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split()[1])
        fields = {}
        for line in lines:
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        body = b""
        if "chunked" in fields.get("transfer-encoding", ""):
            while size := int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readuntil(b"\r\n")
        elif length := int(fields.get("content-length", 0)):
            body = await self.reader.readexactly(length)
        return Answer(status, fields, body)


async def ask(port: int, path: str, patience: float) -> Answer | None:
    """One GET on a connection of its own; nothing when no answer comes in time."""
    connection = Connection(port, patience)
    with contextlib.suppress(NotSent, Lost):
        try:
            return await connection.send("GET", path, fields={"Connection": "close"})
        finally:
            connection.close()
    return None
