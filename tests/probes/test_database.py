"""A real PostgreSQL server that is stopped, killed, frozen and full, as its probe sees it."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import psycopg
import pytest

from include.model import utc_now
from include.probes import Observation, Pace
from include.probes.database import DatabaseProbe
from include.probes.database_addresses import addressed
from include.targets.probing import Probing
from include.web import Failed
from local.postgres import Server, throwaway

PACE = Pace(interval=timedelta(seconds=30), heartbeat=timedelta(seconds=1), timeout=timedelta(seconds=2))


@dataclass
class Watched:
    """A server of the test's own, and what its probe has seen of it so far."""

    server: Server
    probing: Probing
    seen: list[Observation] = field(default_factory=list)

    def wait(self, condition: Callable[[Observation], bool], seconds: float = 20) -> Observation:
        """The next observation that is like this."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            new = self.probing.take(0.2)
            self.seen += new
            for one in new:
                if condition(one):
                    return one
        raise AssertionError(f"nothing like it within {seconds} s: {self.seen[-5:]}")


@contextmanager
def probed(server: Server, pace: Pace = PACE) -> Iterator[Watched]:
    """The server under its probe, which has seen it up."""
    probing = Probing([DatabaseProbe({"target": "main"}, server.dsn("postgres"), pace, utc_now)])
    probing.start()
    try:
        watched = Watched(server, probing)
        watched.wait(is_up)
        yield watched
    finally:
        probing.stop()


@pytest.fixture
def watched() -> Iterator[Watched]:
    """A server of the test's own, up and probed."""
    with throwaway() as server, probed(server) as found:
        yield found


def is_up(seen: Observation) -> bool:
    """Whether it answered."""
    return seen.up


def is_down(seen: Observation) -> bool:
    """Whether it did not."""
    return not seen.up


def test_an_answer_is_timed_by_its_phases(watched: Watched) -> None:
    assert set(watched.seen[0].phases) == {"connect", "query"}
    assert all(seconds > 0 for seconds in watched.seen[0].phases.values())


def test_a_killed_server_is_seen_at_once_and_its_return_within_a_second(watched: Watched) -> None:
    watched.server.kill()
    assert watched.wait(is_down, 4).why
    watched.server.start()
    assert watched.wait(is_up, 5)


def test_a_server_that_is_stopped_says_so_itself(watched: Watched) -> None:
    watched.server.stop()
    assert watched.wait(is_down, 4).why


def test_a_frozen_server_is_found_by_the_heartbeat_and_thaws(watched: Watched) -> None:
    watched.server.pause()
    try:
        assert watched.wait(is_down, 14).why
    finally:
        watched.server.resume()
    assert watched.wait(is_up, 8)


def test_a_blip_stays_a_blip(watched: Watched) -> None:
    """The open connection is cut, and a new one can be had: nothing is wrong."""
    with psycopg.connect(watched.server.dsn("postgres"), autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'securenet monitoring'")
    assert watched.wait(lambda seen: True, 4).up


def test_a_server_whose_connections_are_all_taken_is_down_and_says_why() -> None:
    with throwaway(max_connections="10", superuser_reserved_connections="0", reserved_connections="0") as server:
        pace = Pace(interval=timedelta(seconds=1), heartbeat=timedelta(seconds=1), confirmations=1)
        with probed(server, pace) as watched:
            taken = []
            try:
                while True:
                    taken.append(psycopg.connect(server.dsn("postgres"), connect_timeout=3))
            except psycopg.OperationalError:
                pass
            assert "too many clients" in (watched.wait(is_down, 8).why or "")
            for connection in taken:
                connection.close()
            assert watched.wait(is_up, 8)


def test_a_hanging_target_delays_no_other() -> None:
    """Nobody ever answers at the first; the second is asked as ever."""
    with socket_that_says_nothing() as port, throwaway() as server:
        nowhere = DatabaseProbe({"target": "silent"}, f"host=127.0.0.1 port={port} dbname=x user=x", Pace(confirmations=0), utc_now)
        quick = Pace(interval=timedelta(milliseconds=200))
        probing = Probing([nowhere, DatabaseProbe({"target": "main"}, server.dsn("postgres"), quick, utc_now)])
        probing.start()
        time.sleep(4)
        seen = probing.take(0)
        probing.stop()
    assert len([one for one in seen if one.up]) >= 10
    assert [one.why for one in seen if not one.up]


def test_a_server_that_hangs_up_each_time_is_not_asked_without_a_pause() -> None:
    with throwaway() as server:
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
            admin.execute("alter system set idle_session_timeout = '20ms'")
            admin.execute("select pg_reload_conf()")
        time.sleep(0.5)
        probing = Probing([DatabaseProbe({"target": "main"}, server.dsn("postgres"), Pace(), utc_now)])
        probing.start()
        time.sleep(3.5)
        seen = probing.take(0)
        probing.stop()
    assert 2 <= len(seen) <= 5


def test_attempts_that_fail_keep_nothing_open() -> None:
    """Without the garbage collector, which may come much later."""

    async def rounds(dsn: str) -> int:
        probes = [DatabaseProbe({"target": str(n)}, dsn, Pace(timeout=timedelta(seconds=0.5)), utc_now) for n in range(20)]
        for _ in range(2):
            await asyncio.gather(*(one.ask() for one in probes))
        return len(os.listdir("/proc/self/fd"))

    with socket_that_says_nothing() as port:
        before = len(os.listdir("/proc/self/fd"))
        gc.disable()
        try:
            assert asyncio.run(rounds(f"host=127.0.0.1 port={port} dbname=x user=x")) < before + 15
        finally:
            gc.enable()


def test_names_that_hang_delay_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver itself is the one thing that is not real here: nobody has a name server that hangs."""
    real = socket.getaddrinfo

    def slow(host: str, *more: object, **options: object) -> object:
        if host.endswith(".hung"):
            time.sleep(3)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(host, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    async def ask(dsn: str) -> list[Observation]:
        short = Pace(timeout=timedelta(seconds=0.5))
        probes = [DatabaseProbe({"target": str(n)}, f"host={n}.hung dbname=x user=x", short, utc_now) for n in range(50)]
        well = DatabaseProbe({"target": "main"}, dsn.replace("127.0.0.1", "localhost"), short, utc_now)
        seen = await asyncio.gather(*(one.ask() for one in [*probes, well]))
        await well.let_go()
        return list(seen)

    with throwaway() as server:
        started = time.monotonic()
        *hung, well = asyncio.run(ask(server.dsn("postgres")))
    assert well.up
    assert time.monotonic() - started < 2.5, "nobody waited for what hangs"
    assert {one.why for one in hung} == {"host name cannot be looked up: no answer within 0.5 s"}


@pytest.mark.parametrize(
    ("given", "looked_up"),
    [
        ("host=127.0.0.1 dbname=x", {"host": "127.0.0.1", "dbname": "x"}),
        ("host=/run/postgresql dbname=x", {"host": "/run/postgresql", "dbname": "x"}),
        ("dbname=x", {"dbname": "x"}),
        ("host=a hostaddr=127.0.0.1", {"host": "a", "hostaddr": "127.0.0.1"}),
        ("host=one", {"host": "one,one", "port": ",", "hostaddr": "10.0.0.1,10.0.0.2"}),
        ("host=two,/run,one,gone port=1", {"host": "two,/run,one,one", "port": "1,1,1,1", "hostaddr": "10.0.0.3,,10.0.0.1,10.0.0.2"}),
        ("host=two,one port=1,2", {"host": "two,one,one", "port": "1,2,2", "hostaddr": "10.0.0.3,10.0.0.1,10.0.0.2"}),
    ],
)
def test_every_address_of_every_host_is_tried(given: str, looked_up: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"one": ["10.0.0.1", "10.0.0.2"], "two": ["10.0.0.3"]}

    def resolver(host: str, port: int, **_: object) -> object:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, port)) for at in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    assert asyncio.run(addressed(given, 1)) == looked_up
    with pytest.raises(Failed, match="host name cannot be looked up: no such host"):
        asyncio.run(addressed("host=gone", 1))


@contextmanager
def socket_that_says_nothing() -> Iterator[int]:
    """Takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


def test_probes_leave_no_connection_behind() -> None:
    with throwaway() as server:
        with probed(server, Pace(interval=timedelta(milliseconds=100))):
            time.sleep(2)
        time.sleep(0.5)
        assert connections(server) == 0


def test_a_database_that_is_asked_no_more_is_left_without_a_connection() -> None:
    with throwaway() as server:
        asked = DatabaseProbe({"target": "main"}, server.dsn("postgres"), Pace(), utc_now)
        probing = Probing([asked])
        probing.start()
        try:
            assert wait_for(lambda: connections(server) == 1)
            probing.loop.call_soon_threadsafe(probing.ask, [replace(asked, kept=None, was_up=False)])
            assert connections(server) == 1, "what would ask the same is the same"
            probing.loop.call_soon_threadsafe(probing.ask, [])
            assert wait_for(lambda: connections(server) == 0)
        finally:
            probing.stop()


def connections(server: Server) -> int:
    """How many connections of probes there are."""
    with psycopg.connect(server.dsn("postgres")) as admin:
        row = admin.execute("select count(*) from pg_stat_activity where application_name = 'securenet monitoring'").fetchone()
    return int(row[0]) if row else -1


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether it is so within some time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()
