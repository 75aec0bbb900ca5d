"""HTTP servers as they should not be: raw sockets that say what a test wants, over TLS or not."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Raw:
    """A server on a port of its own, in a loop of its own. `connections`: how many it ever had; `requests`: what each asked."""

    behaviour: Behaviour
    context: ssl.SSLContext | None = None
    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}/"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        self.open.add(writer)
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(request)
                await self.behaviour(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    def start(self) -> None:
        """Listen; again on the same port."""
        self.server = self.do(asyncio.start_server(self.serve, "127.0.0.1", self.port, ssl=self.context, backlog=500))
        self.port = self.server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Take no connection any more, and close those that are there."""

        async def close() -> None:
            assert self.server
            self.server.close()
            for writer in list(self.open):
                writer.transport.abort()

        self.do(close())

    def drop(self) -> None:
        """Close the connections that are there."""

        async def close() -> None:
            for writer in list(self.open):
                writer.close()

        self.do(close())

    def do(self, what):
        """Something in the server's loop."""
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(10)


@contextmanager
def serving(behaviour: Behaviour, context: ssl.SSLContext | None = None) -> Iterator[Raw]:
    """Such a server, running."""
    raw = Raw(behaviour, context)
    thread = threading.Thread(target=raw.loop.run_forever, daemon=True)
    thread.start()
    raw.start()
    try:
        yield raw
    finally:
        raw.stop()
        raw.do(ended())
        raw.loop.call_soon_threadsafe(raw.loop.stop)
        thread.join(5)


async def ended() -> None:
    """Nothing but this runs in the loop any more."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def says(answer: bytes, then: Callable[[asyncio.StreamWriter], None] | None = None) -> Behaviour:
    """Answers each request with these bytes, and then does something."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        if then:
            then(writer)

    return behave


def answer(body: bytes = b"fine", status: str = "200 OK", *headers: str) -> bytes:
    """An HTTP answer."""
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers])
    return head.encode() + b"\r\n\r\n" + body


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never answers."""
    await asyncio.sleep(60)


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers for ever, byte by byte."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers for ever, as fast as it is read."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()
