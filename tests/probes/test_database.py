"""A real PostgreSQL server that is stopped, killed, frozen and full, as its probe sees it."""

from __future__ import annotations

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
from include.probing import Probing
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
