"""Names into addresses, as the system resolves them. None waits for another: each look-up has a thread of its own, one per name."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from dataclasses import dataclass
from typing import Any

from include.web import Failed


@dataclass(frozen=True, slots=True)
class Address:
    """Where a socket can be connected to."""

    family: int
    at: tuple[Any, ...]


Key = tuple[asyncio.AbstractEventLoop, str, int]
asked: dict[Key, asyncio.Future[list[Address]]] = {}
"""The look-ups that are under way. A name that hangs holds one thread, however often it is asked for."""


def is_address(host: str) -> bool:
    """Whether there is nothing to look up."""
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return False


async def look_up(host: str, port: int) -> list[Address]:
    """The addresses of a host. Raises Failed."""
    if is_address(host):
        return resolve(host, port)
    key = asyncio.get_running_loop(), host, port
    if key not in asked:
        asked[key] = begin(key)
    return await asyncio.shield(asked[key])


def begin(key: Key) -> asyncio.Future[list[Address]]:
    """Start looking up."""
    future = key[0].create_future()
    future.add_done_callback(lambda _: done(key))
    try:
        threading.Thread(target=answer, args=(key, future), name="look-up", daemon=True).start()
    except RuntimeError:
        future.set_exception(Failed("host name cannot be looked up: too many threads"))
    return future


def done(key: Key) -> None:
    """Whoever asks now asks anew. That nobody waits for a failure any more is no failure."""
    future = asked.pop(key, None)
    if future and not future.cancelled():
        future.exception()


def answer(key: Key, future: asyncio.Future[list[Address]]) -> None:
    """Look up, in a thread, and tell the loop, if it is still there."""
    try:
        found: list[Address] | Failed = resolve(key[1], key[2])
    except Failed as error:
        found = error
    try:
        key[0].call_soon_threadsafe(settle, future, found)
    except RuntimeError:  # the loop has been closed meanwhile
        asked.pop(key, None)


def settle(future: asyncio.Future[list[Address]], found: list[Address] | Failed) -> None:
    """Tell who waits, if somebody does."""
    if future.done():
        return
    if isinstance(found, Failed):
        future.set_exception(found)
    else:
        future.set_result(found)


def resolve(host: str, port: int) -> list[Address]:
    """Ask the system, however long it takes. Raises Failed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        why = "no such host" if error.errno in (socket.EAI_NONAME, socket.EAI_NODATA) else (error.strerror or "failed").lower()
        raise Failed(f"host name cannot be looked up: {why}") from None
    except (UnicodeError, ValueError, OverflowError):
        raise Failed("host name is not valid") from None
    return [Address(family, at) for family, _, _, _, at in found]
