#!/usr/bin/env python3
"""Callers at a pace that does not wait for answers, beside callers who ask again at once: a process of its own.

Reads from standard input, as JSON: the port, how long to settle and to measure, and the streams, each a list of requests
and either how many a second are sent or how many callers there are. Writes the answers within the measured time by
stream: by status how many milliseconds each took. What is sent at a pace is timed from when it was due.
"""

import asyncio
import contextlib
import json
import random
import sys
import time


class Connection:
    """One kept connection; the answers of all sides tell their length."""

    def __init__(self, port: int):
        self.port, self.streams = port, None

    async def status(self, request: bytes) -> int:
        if not self.streams:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, found, rest = head.partition(b"\r\ncontent-length:")
        if found:
            await reader.readexactly(int(rest.split(b"\r", 1)[0]))
        if b"\r\nconnection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        if self.streams:
            self.streams[1].close()
        self.streams = None


class Stream:
    """One kind of request, and what came of it."""

    def __init__(self, name: str, requests: list[str], port: int):
        self.name, self.port = name, port
        self.requests = [request.encode() for request in requests]
        self.idle: list[Connection] = []
        self.answers: dict[str, list[float]] = {}

    async def one(self, due: float, begin: float, end: float) -> None:
        connection = self.idle.pop() if self.idle else Connection(self.port)
        try:
            async with asyncio.timeout(20):
                outcome = str(await connection.status(random.choice(self.requests)))
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            connection.close()
            outcome = type(error).__name__
        except asyncio.CancelledError:
            connection.close()
            raise
        now = time.monotonic()
        self.idle.append(connection)
        if begin <= now < end:
            self.answers.setdefault(outcome, []).append((now - due) * 1000)

    async def at_pace(self, per_second: float, begin: float, end: float) -> None:
        began, tasks, count = time.monotonic(), set(), 0
        while (now := time.monotonic()) < end:
            while (due := began + count / per_second) <= now:
                count += 1
                task = asyncio.create_task(self.one(due, begin, end))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            await asyncio.sleep(max(0.0005, due - time.monotonic()))
        # What is still under way counts for nothing any more.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def again_and_again(self, begin: float, end: float) -> None:
        while (now := time.monotonic()) < end:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(end - now):
                    await self.one(now, begin, end)


async def run(order: dict) -> dict:
    begin = time.monotonic() + order["settle"]
    end = begin + order["seconds"]
    streams, works = [], []
    for each in order["streams"]:
        stream = Stream(each["name"], each["requests"], order["port"])
        streams.append(stream)
        if each.get("per_second"):
            works.append(stream.at_pace(each["per_second"], begin, end))
        works += [stream.again_and_again(begin, end) for _ in range(each.get("callers", 0))]
    await asyncio.gather(*works)
    for connection in (each for stream in streams for each in stream.idle):
        connection.close()
    return {stream.name: stream.answers for stream in streams}


if __name__ == "__main__":
    json.dump(asyncio.run(run(json.load(sys.stdin))), sys.stdout)
