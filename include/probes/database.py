"""One PostgreSQL server: can we connect and query? A connection stays open, so that one that dies is seen at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import psycopg

from include.asking.cutting import hang_up
from include.audience import Labels
from include.failures import first_line
from include.model import Clock
from include.probes import Observation, Pace, Tell
from include.probes.database_addresses import addressed
from include.web import Failed, NoRoom, no_room

OPTIONS = "-c default_transaction_read_only=on -c statement_timeout=5000 -c timezone=UTC"
Connection = psycopg.AsyncConnection[Any]


@dataclass
class DatabaseProbe:
    """The probe of one server. `conninfo` is a secret; `jitter`: where in its interval it begins, from 0 to 1."""

    kind: ClassVar[str] = "database"

    labels: Labels
    conninfo: str = field(repr=False)
    pace: Pace
    clock: Clock
    jitter: float = 0.0
    kept: Connection | None = field(default=None, compare=False)
    was_up: bool = field(default=True, compare=False)
    missed_beat: bool = field(default=False, compare=False)

    async def run(self, tell: Tell) -> None:
        """Ask at each interval, and at once when the open connection says that something is wrong."""
        try:
            await asyncio.sleep(self.jitter * min(self.pace.interval.total_seconds(), 1))
            while True:
                started = time.monotonic()
                seen = await self.confirmed()
                tell(seen)
                wait = self.pace.interval.total_seconds() if seen.up else self.pace.again
                await self.until(started + wait)
                await asyncio.sleep(started + min(wait, self.pace.again) - time.monotonic())  # a server may hang up each time
        finally:
            await self.let_go()

    async def confirmed(self) -> Observation:
        """What a fresh connection sees; a failure is one when further attempts, a moment later, fail too."""
        seen = await self.ask()
        left = self.pace.confirmations - self.missed_beat if self.was_up else 0
        while left > 0 and not seen.up:
            await asyncio.sleep(self.pace.between.total_seconds())
            seen, left = await self.ask(), left - 1
        if not seen.up:
            await self.let_go()
        self.was_up, self.missed_beat = bool(seen.up), False
        return seen

    async def ask(self) -> Observation:
        """Connect, keep that connection, and query: whoever is told to stop meanwhile has a connection to close. Raises NoRoom."""
        at, started = self.clock(), time.monotonic()
        phases: dict[str, float] = {}
        try:
            connection = await self.connect()
            phases["connect"] = time.monotonic() - started
            await self.keep(connection)
            async with limited(connection, self.pace.timeout.total_seconds()):
                await connection.execute("select 1")
            phases["query"] = time.monotonic() - started - phases["connect"]
        except (psycopg.Error, OSError, Failed) as error:
            forget_frames(error)
            if no_room(error):
                raise NoRoom(first_line(error)) from None
            return Observation(self.labels, at, False, first_line(error), phases)
        return Observation(self.labels, at, True, None, phases)

    async def connect(self) -> Connection:
        """A new connection. Raises psycopg.Error, OSError or Failed."""
        seconds = self.pace.timeout.total_seconds()
        given = await addressed(self.conninfo, seconds)
        ours = {"connect_timeout": max(2, round(seconds)), "options": OPTIONS, "application_name": "securenet monitoring"}
        return await psycopg.AsyncConnection.connect(**{**given, **ours}, autocommit=True)

    async def keep(self, connection: Connection) -> None:
        """The newest connection is the one that stays open."""
        await self.let_go()
        self.kept = connection

    async def let_go(self) -> None:
        """No connection stays open."""
        if self.kept:
            with contextlib.suppress(psycopg.Error, OSError):
                await self.kept.close()
        self.kept = None

    async def until(self, moment: float) -> None:
        """Wait until a moment of the monotonic clock, or until the open connection breaks or no longer answers."""
        while (left := moment - time.monotonic()) > 0:
            if self.kept is None:
                await asyncio.sleep(left)
            elif await spoken(self.kept, min(left, self.pace.heartbeat.total_seconds())) or not await self.beats(self.kept):
                return

    async def beats(self, connection: Connection) -> bool:
        """Whether the open connection still answers; one that does not is the first of the attempts that must fail."""
        try:
            async with limited(connection, self.pace.timeout.total_seconds()):
                await connection.execute("select 1")
        except (psycopg.Error, OSError):
            self.missed_beat = True
        return not self.missed_beat


async def spoken(connection: Connection, seconds: float) -> bool:
    """Whether a server that nobody asked has something to say, or hung up, within so many seconds."""
    heard, loop, line = asyncio.Event(), asyncio.get_running_loop(), connection.fileno()
    loop.add_reader(line, heard.set)
    try:
        async with asyncio.timeout(seconds):
            await heard.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(line)
    return True


@asynccontextmanager
async def limited(connection: Connection, seconds: float) -> AsyncIterator[None]:
    """Cuts the connection after so many seconds: what a frozen server was asked cannot be cancelled in any other way."""
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        timer = asyncio.get_running_loop().call_later(seconds, hang_up, line)
        try:
            yield
        except psycopg.Error:
            if timer.when() <= asyncio.get_running_loop().time():
                raise psycopg.OperationalError(f"no answer within {seconds:g} s") from None
            raise
        finally:
            timer.cancel()


def forget_frames(error: BaseException | None) -> None:
    """Let go of what a failed attempt had open: its frames and its errors hold each other, and would keep that for long."""
    while error:
        error.__traceback__, error = None, error.__context__
