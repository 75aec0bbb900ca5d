"""What is broken and mended on purpose: PostgreSQL servers and HTTP addresses, each by its name."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.answers import ANSWER, Answering
from local.postgres import Server, throwaway

FAILS = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
SMALL = {"shared_buffers": "8MB", "max_connections": "30"}


@dataclass(frozen=True)
class Fault:
    """Something that can be broken and mended. `mend` returns when it answers again."""

    target: str
    kind: str
    damage: Callable[[], object]
    mend: Callable[[], object]

    def begin(self) -> float:
        """Break it; the moment before."""
        now = time.monotonic()
        self.damage()
        return now

    def end(self) -> float:
        """Mend it; the moment after."""
        self.mend()
        return time.monotonic()


@dataclass
class Address:
    """An HTTP address that answers, or fails."""

    name: str
    port: int = 0
    fails: bool = False

    async def open(self) -> None:
        """Listen from now on."""
        opened = await asyncio.get_running_loop().create_server(lambda: Answering(self.answer), "127.0.0.1", 0)
        self.port = opened.sockets[0].getsockname()[1]

    def answer(self) -> bytes:
        """What it says now."""
        return FAILS if self.fails else ANSWER

    def set(self, fails: bool) -> None:
        """Fail from now on, or answer."""
        self.fails = fails


@contextmanager
def databases(count: int) -> Iterator[dict[str, Server]]:
    """So many servers, by name."""
    with ExitStack() as stack:
        yield {f"db{number:02}": stack.enter_context(throwaway(**SMALL)) for number in range(count)}


@contextmanager
def addresses(count: int) -> Iterator[dict[str, Address]]:
    """So many HTTP addresses, by name, served by a thread."""
    served = {name: Address(name) for name in (f"api{number:02}" for number in range(count))}
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    for address in served.values():
        asyncio.run_coroutine_threadsafe(address.open(), loop).result()
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def failing(address: Address) -> Fault:
    """It answers with a status that says so."""
    return Fault(address.name, "HTTP fails", lambda: address.set(fails=True), lambda: address.set(fails=False))


def gone(name: str, server: Server, number: int) -> Fault:
    """Stopped or, every second one, killed."""
    return Fault(name, "database stopped or killed", server.kill if number % 2 else server.stop, server.start)


def frozen(name: str, server: Server) -> Fault:
    """It is there, and does nothing."""
    return Fault(name, "database frozen", server.pause, server.resume)
