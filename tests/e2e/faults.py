"""What is broken on purpose. Each fault lasts as long as its context; what is broken is real."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import trustme

from local.postgres import Server
from tests.lossy import Way
from tests.probes.servers import Behaviour, Raw, answer
from tests.sources.gauged import ask, deadlock, in_background, run, session, until

MEBIBYTE = 2**20
# What a server of the tests has room for, with what it keeps for us who look at it.
ROOM = {"max_connections": "25", "superuser_reserved_connections": "15"}
TABLES = "create role app login password 'app'", "create table a ()", "create table b ()", "create table held ()"
WELL = b'{"status": "ok"}'
QUEUE = 1000
ENOUGH = 3600
# Where that is allowed, ahead of whatever else wants a processor: only the five busiest names are told.
HALF_A_PROCESSOR = """
import contextlib, os
with contextlib.suppress(OSError):
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
while True:
    began = time.monotonic()
    while time.monotonic() < began + 0.01: pass
    time.sleep(0.01)
"""


@dataclass(frozen=True)
class Fault:
    """`told`: what the subject of its mail says; `over`: what that of its recovery does, where it is something else."""

    happens: Callable[[], AbstractContextManager[object]]
    told: str
    over: str = ""


@contextmanager
def crowded(server: Server) -> Iterator[None]:
    """As many sessions as are let in."""
    with ExitStack() as crowd:
        with suppress(psycopg.OperationalError):
            while True:
                crowd.enter_context(session(server.dsn("postgres", "app", "app"), "crowd"))
        yield


@contextmanager
def blocked(server: Server) -> Iterator[None]:
    """Somebody waits for a table that another one holds."""
    with session(server.dsn("postgres"), "holder") as holder, session(server.dsn("postgres"), "waiter") as waiter:
        holder.execute("lock table held")
        waiting = in_background(lambda: waiter.execute("lock table held"))
        try:
            yield
        finally:
            holder.rollback()
            waiting.join()


@contextmanager
def forgotten(server: Server) -> Iterator[None]:
    """A transaction that nobody ends."""
    with session(server.dsn("postgres"), "forgotten") as transaction:
        transaction.execute("select 1")
        yield


@contextmanager
def deadlocked(server: Server) -> Iterator[None]:
    """Two who wait for each other, once."""
    deadlock(server.dsn("postgres"))
    yield


@contextmanager
def lagging(primary: Server, standby: Server) -> Iterator[None]:
    """A replica that stands still while its primary is written to."""
    run(standby.dsn("postgres"), "select pg_wal_replay_pause()")
    until(lambda: ask(standby.dsn("postgres"), "select pg_get_wal_replay_pause_state() = 'paused'"))
    run(primary.dsn("postgres"), "create table late as select generate_series(1, 100000)")
    try:
        yield
    finally:
        run(standby.dsn("postgres"), "select pg_wal_replay_resume()")


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """A file system without room."""
    large = folder / "large"
    with suppress(OSError):
        large.write_bytes(bytes(16 * MEBIBYTE))
    try:
        yield
    finally:
        large.unlink()


@contextmanager
def mounted(folder: Path) -> Iterator[bool]:
    """A file system of 8 MiB; whether that is allowed here."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    allowed = not subprocess.run(mount, capture_output=True, check=False).returncode
    try:
        yield allowed
    finally:
        if allowed:
            subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def running(name: str, work: str) -> Iterator[None]:
    """A process of that name; it ends by itself, should nobody end it."""
    begin = f"import signal, time; signal.alarm({ENOUGH}); open('/proc/self/comm', 'w').write({name!r})"
    with subprocess.Popen([sys.executable, "-c", f"{begin}\n{work}"]) as process:
        try:
            yield
        finally:
            process.kill()


def burning(name: str) -> AbstractContextManager[None]:
    """A process that uses half a processor."""
    return running(name, HALF_A_PROCESSOR)


def hoarding(name: str) -> AbstractContextManager[None]:
    """A process that takes memory."""
    return running(name, f"held = b'x' * {512 * MEBIBYTE}; time.sleep({ENOUGH})")


@contextmanager
def gate() -> Iterator[socket.socket]:
    """A TCP port: the kernel itself takes connections, and keeps them in a queue."""
    with socket.create_server(("127.0.0.1", 0), backlog=QUEUE) as opened:
        yield opened


@contextmanager
def dropping(opened: socket.socket) -> Iterator[None]:
    """There is no room in the queue: the kernel drops whatever is sent to the port."""
    socket.create_connection(opened.getsockname()).close()
    opened.listen(0)
    try:
        yield
    finally:
        opened.listen(QUEUE)


@contextmanager
def losing(far: Way) -> Iterator[None]:
    """Two of five echo requests do not come back."""
    far.lost = {1, 3}
    try:
        yield
    finally:
        far.lost = ()


@contextmanager
def behaving(server: Raw, behaviour: Behaviour) -> Iterator[None]:
    """An HTTP server that answers otherwise."""
    before, server.behaviour = server.behaviour, behaviour
    try:
        yield
    finally:
        server.behaviour = before


async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An answer that takes long."""
    await asyncio.sleep(1.9)
    writer.write(answer(WELL))


@contextmanager
def gone(server: Raw) -> Iterator[None]:
    """An HTTP server that is not there."""
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def expiring(server: Raw, authority: trustme.CA) -> Iterator[None]:
    """A certificate that ends in three days."""
    certify(server, authority, datetime.now(UTC) + timedelta(days=3))
    try:
        yield
    finally:
        certify(server, authority, datetime.now(UTC) + timedelta(days=90))


def certify(server: Raw, authority: trustme.CA, until: datetime) -> None:
    """Another certificate, which everybody sees who connects anew."""
    assert server.context
    authority.issue_cert("127.0.0.1", not_after=until).configure_cert(server.context)
    server.drop()
