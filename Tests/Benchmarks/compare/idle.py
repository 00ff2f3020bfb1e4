#!/usr/bin/env python3
"""Many connections that have asked once and then keep still: a process of its own.

Reads from standard input, as JSON, the port, whether to speak TLS, how many, and the request. Writes how many have been
answered with 200, and keeps them until standard input ends.
"""

import asyncio
import json
import ssl
import sys

AT_ONCE = 100


async def opened(order: dict, kept: list, places: asyncio.Semaphore, context: ssl.SSLContext | None) -> bool:
    async with places, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", order["port"], ssl=context)
        # What is not held on to is closed.
        kept.append((reader, writer))
        writer.write(order["request"].encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"\r\ncontent-length:")[2].split(b"\r", 1)[0]
        await reader.readexactly(int(length or 0))
        return head.startswith((b"http/1.1 200", b"http/1.1 204"))


async def main() -> None:
    order = json.loads(sys.stdin.readline())
    context = None
    if order["tls"]:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    kept, places = [], asyncio.Semaphore(AT_ONCE)
    answered = await asyncio.gather(*(opened(order, kept, places, context) for _ in range(order["count"])),
                                    return_exceptions=True)
    print(json.dumps({"answered": answered.count(True), "errors": sorted(
        {type(each).__name__ for each in answered if isinstance(each, BaseException)})}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for _, writer in kept:
        writer.transport.abort()


if __name__ == "__main__":
    asyncio.run(main())
