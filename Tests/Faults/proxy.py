#!/usr/bin/env python3
"""A TCP proxy that can be slow, deaf, or cut. A process of its own, told by lines of JSON on standard input what each of
its routes is to do: {"route": NAME, "mode": MODE, "seconds": N}; each is answered by a line. Routes are its argument.

Modes: `pass`; `delay`, each piece of an answer comes N seconds later; `hole`, nothing passes either way, and what was sent
meanwhile comes afterwards, as TCP repeats it; `mute`, questions pass and answers do not, and connections that were mute
once are cut afterwards; `refuse`, connections end and are not made; `cut`, an answer in ten ends in its middle.
"""

import asyncio
import contextlib
import json
import random
import socket
import struct
import sys

CUT = 0.1


class Route:
    def __init__(self, target: int):
        self.target = target
        self.mode, self.seconds = "pass", 0.0
        self.changed = asyncio.Event()
        self.connections: set[asyncio.StreamWriter] = set()
        self.muted: set[asyncio.StreamWriter] = set()

    def change(self, mode: str, seconds: float) -> None:
        self.mode, self.seconds = mode, seconds
        if mode == "refuse":
            for each in list(self.connections):
                reset(each)
        elif mode != "mute":
            for each in list(self.muted):
                reset(each)
        self.changed.set()
        self.changed = asyncio.Event()

    async def while_mode(self, *modes: str) -> None:
        while self.mode in modes:
            await self.changed.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.while_mode("hole")
        if self.mode == "refuse":
            reset(writer)
            return
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            reset(writer)
            return
        pair = {writer, up_writer}
        self.connections |= pair
        tasks = [asyncio.create_task(self.copy(reader, up_writer, pair, False)),
                 asyncio.create_task(self.copy(up_reader, writer, pair, True))]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in pair:
            each.close()
        for task in tasks:
            task.cancel()
        self.connections -= pair
        self.muted -= pair

    async def copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                   pair: set[asyncio.StreamWriter], is_answer: bool) -> None:
        loop, due = asyncio.get_running_loop(), 0.0
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                if is_answer and (self.mode == "delay" or due > loop.time()):
                    # A long way, not a narrow one: what follows does not wait for what is on its way.
                    due = max(loop.time() + self.seconds, due + 1e-6)
                    loop.call_at(due, writer.write, piece)
                    continue
                if is_answer and self.mode == "mute":
                    self.muted |= pair
                    await self.while_mode("mute")
                    return
                await self.while_mode("hole")
                if is_answer and self.mode == "cut" and random.random() < CUT:
                    writer.write(piece[:len(piece) // 2])
                    await writer.drain()
                    for each in pair:
                        reset(each)
                    return
                writer.write(piece)
                await writer.drain()


def reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection with RST."""
    with contextlib.suppress(OSError, AttributeError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


async def main() -> None:
    routes = {}
    for name, (port, target) in json.loads(sys.argv[1]).items():
        routes[name] = Route(target)
        await asyncio.start_server(routes[name].serve, "127.0.0.1", port)
    print("ready", flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order = json.loads(line)
        routes[order["route"]].change(order["mode"], order.get("seconds", 0))
        print("done", flush=True)


asyncio.run(main())
