"""One connection to a server: made and timed phase by phase, kept open, asked one thing after the other."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import h11
from cryptography import x509

from include.web import Failed, HungUp, NoRoom, no_room
from include.web.address import Origin
from include.web.certificates import certificate, looking, wrong
from include.web.lookup import Address, is_address, look_up

Phases = dict[str, float]
"""Phase -> seconds; what happens again, as behind a redirect, adds up."""
LONGEST_HEAD = 64 * 1024
CHUNK = 64 * 1024
START = b"HTTP/"
MOST_PRELUDES = 10
# A body in more pieces is no answer: to take each of them apart costs more than all other targets together.
MOST_PIECES = 10_000
# An address that does not answer, as IPv6 at many places, leaves the rest of the time to the next one.
ONE_OF_SEVERAL = 3.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. `cut`: there was more of the body. Header names are in lower case."""

    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    cut: bool = False


class BadCertificate(Failed):
    """The server's certificate is not to be trusted; here it is."""

    def __init__(self, why: str, found: x509.Certificate | None) -> None:
        super().__init__(why)
        self.found = found


@dataclass
class Line:
    """An open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    talk: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD))
    used: bool = False

    @property
    def certificate(self) -> x509.Certificate | None:
        """The server's; None without TLS."""
        secured = self.writer.get_extra_info("ssl_object")
        return certificate(secured.getpeercert(binary_form=True)) if secured else None

    async def is_open(self) -> bool:
        """Whether something can be asked, as far as is known here. A server that spoke unasked is leaving."""
        if self.talk.our_state is not h11.IDLE or self.writer.is_closing():
            return False
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(0):
                await self.reader.read(1)
            return False
        return self.reader.exception() is None

    async def ask(self, request: h11.Request, body: bytes, most: int, phases: Phases) -> Answer:
        """Send a request and read its answer. Raises Failed, and HungUp when the connection was kept and is gone."""
        with named(self), timed(phases, "first_byte"):
            self.writer.write(self.spoken(request, body))
            head = await self.head()
        with named(self), timed(phases, "transfer"):
            answer = await self.rest(head, most)
        self.used = True
        return answer

    def spoken(self, request: h11.Request, body: bytes) -> bytes:
        """The request as bytes."""
        parts = [request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
        return b"".join(self.talk.send(part) or b"" for part in parts)

    async def head(self) -> h11.Response:
        """Status and headers; so many answers may go before the answer."""
        for _ in range(MOST_PRELUDES):
            event = await self.event()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                break
        raise Failed("answer is not HTTP")

    async def rest(self, head: h11.Response, most: int) -> Answer:
        """The body, up to so many bytes; a connection with more in it is of no further use."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        body, pieces = bytearray(), 0
        while isinstance(event := await self.event(), h11.Data):
            body += event.data
            pieces += 1
            if len(body) > most or pieces > MOST_PIECES:
                self.hang_up()
                return Answer(head.status_code, headers, bytes(body[:most]), cut=True)
        if self.talk.our_state is h11.DONE and self.talk.their_state is h11.DONE:
            self.talk.start_next_cycle()
        else:
            self.hang_up()
        return Answer(head.status_code, headers, bytes(body))

    async def event(self) -> Any:
        """What the server says next."""
        while (event := self.talk.next_event()) is h11.NEED_DATA:
            data = await self.reader.read(CHUNK)
            if not data and not self.talk.trailing_data[0] and self.talk.their_state is h11.SEND_RESPONSE:
                raise (HungUp if self.used else Failed)("connection closed without an answer")
            self.talk.receive_data(data)
            self.check_start()
            await asyncio.sleep(0)  # what is there already is read without a pause, and others wait
        return event

    def check_start(self) -> None:
        """An answer begins as HTTP does: other protocols send a line, and wait. Raises Failed."""
        begun = self.talk.trailing_data[0][: len(START)] if self.talk.their_state is h11.SEND_RESPONSE else b""
        if not START.startswith(begun):
            raise Failed("answer is not HTTP")

    def hang_up(self) -> None:
        """Close it, without waiting for a server that may not answer."""
        self.writer.transport.abort()


@contextmanager
def named(line: Line) -> Iterator[None]:
    """What goes wrong on a connection, by its name; the connection is closed then."""
    try:
        yield
    except BaseException as error:
        line.hang_up()
        if isinstance(error, h11.RemoteProtocolError):
            raise Failed(unreadable(error, line.reader.at_eof())) from None
        if isinstance(error, h11.LocalProtocolError):
            raise Failed("request cannot be sent: its method, address or headers are not valid") from None
        if isinstance(error, OSError):
            raise (HungUp if line.used else Failed)(lost(error)) from None
        raise


@contextmanager
def timed(phases: Phases, phase: str) -> Iterator[None]:
    """Adds the seconds that this took, if it came to its end."""
    started = time.perf_counter()
    yield
    phases[phase] = phases.get(phase, 0.0) + time.perf_counter() - started


def unreadable(error: h11.RemoteProtocolError, ended: bool) -> str:
    """What is wrong with an answer."""
    if error.error_status_hint == 431:
        return f"header is longer than {LONGEST_HEAD // 1024} KiB"
    return "connection closed in the middle of the answer" if ended and "closed" in str(error).lower() else "answer is not HTTP"


def lost(error: OSError) -> str:
    """Why there is no connection, or none any more."""
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {(error.reason or 'no common ground').replace('_', ' ').lower()}"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return "connection reset"
    return (error.strerror or type(error).__name__).lower()


async def dial(origin: Origin, context: ssl.SSLContext, phases: Phases) -> Line:
    """A new connection, its phases timed. Raises Failed, BadCertificate, and NoRoom."""
    addresses = await timed_look_up(origin, phases)
    try:
        with timed(phases, "connect"):
            line = await first_of(addresses)
        if origin.scheme != "https":
            return Line(*await asyncio.open_connection(sock=line))
        with timed(phases, "tls"):
            return Line(*await asyncio.open_connection(sock=line, ssl=context, server_hostname=origin.host))
    except ssl.SSLCertVerificationError as error:
        found = await seen(origin, addresses)
        raise BadCertificate(wrong(error.verify_code, found), found) from None
    except OSError as error:
        raise NoRoom(lost(error)) if no_room(error) else Failed(lost(error)) from None


async def timed_look_up(origin: Origin, phases: Phases) -> list[Address]:
    """The addresses of a server; there is no such phase where the address itself is known."""
    if is_address(origin.host):
        return await look_up(origin.host, origin.port)
    with timed(phases, "dns"):
        return await look_up(origin.host, origin.port)


async def first_of(addresses: list[Address]) -> socket.socket:
    """A connection to the first address that takes one. Raises OSError, that of the last."""
    for address in addresses[:-1]:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(ONE_OF_SEVERAL):
                return await connected(address)
    return await connected(addresses[-1])


async def connected(address: Address) -> socket.socket:
    """A connection to an address. Raises OSError."""
    line = socket.socket(address.family, socket.SOCK_STREAM)
    line.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(line, address.at)
    except BaseException:
        line.close()
        raise
    return line


async def seen(origin: Origin, addresses: list[Address]) -> x509.Certificate | None:
    """The certificate of a server that is not trusted, by a further connection on which nothing is asked."""
    try:
        line = await first_of(addresses)
        looked = Line(*await asyncio.open_connection(sock=line, ssl=looking(), server_hostname=origin.host))
    except OSError:
        return None
    looked.hang_up()
    return looked.certificate
