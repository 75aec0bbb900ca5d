"""The embedded server: real, quick, and healed by `start` after whatever happened to it. As root these run in a folder that
only root can enter."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local import account, binaries, databases, layout, ports, postgres
from local.daemon import birth, wait_until
from local.postgres import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres.throwaway() as server:
        yield server


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Server]:
    """A server whose folder lies under one that nobody else may enter."""
    (tmp_path / "private").mkdir(mode=0o700)
    folder = tmp_path / "private" / "server"
    server = Server(folder, ports.any_free(), "secret", tmp_path / "log", postgres.QUICK)
    yield server
    server.remove()


def ask(server: Server, query: bytes) -> object:
    with psycopg.connect(server.dsn("postgres")) as connection:
        row = connection.execute(query).fetchone()
    return row and row[0]


def test_it_starts_where_only_its_owner_may_enter_and_leaves_nothing(private: Server) -> None:
    private.start()
    assert private.answers()
    assert (private.place == private.folder) == (os.geteuid() != 0)
    private.remove()
    assert not private.place.exists()


def test_a_half_finished_initdb_and_a_foreign_pid_file_are_healed(private: Server) -> None:
    (private.place / "data.new").mkdir(parents=True)
    private.start()
    private.kill()
    (private.data / "postmaster.pid").write_text(f"{os.getpid()}\n{private.data}\n")
    private.start()
    assert private.answers()


def test_after_a_kill_it_comes_back_with_what_was_committed(server: Server) -> None:
    with psycopg.connect(server.dsn("postgres")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
    server.kill()
    assert server.wanted()
    assert not server.answers()
    server.start()
    assert ask(server, b"SELECT answer FROM kept") == 42


def test_paused_it_hangs_and_resumed_it_answers(server: Server) -> None:
    server.pause()
    begin = time.monotonic()
    assert not server.answers()
    assert time.monotonic() - begin >= 2
    server.resume()
    assert server.answers()


BEGINNER = """
import sys, time
from local import postgres
with postgres.throwaway() as server:
    print(server.folder, *server.processes(), flush=True)
    time.sleep(60)
"""


def test_a_servers_processes_end_with_a_killed_test_run() -> None:
    begun = subprocess.Popen([sys.executable, "-c", BEGINNER], cwd=layout.ROOT, stdout=subprocess.PIPE, text=True)
    assert begun.stdout
    folder, *processes = begun.stdout.readline().split()
    assert len(processes) > 3
    begun.kill()
    begun.wait()
    try:
        assert wait_until(lambda: not any(birth(int(pid)) for pid in processes), 10)
    finally:
        shutil.rmtree(folder)


def test_nobody_comes_in_without_the_password(server: Server) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.dsn("postgres", password="wrong"))


def test_a_reader_cannot_write(server: Server) -> None:
    databases.ensure_reader(server, "reader", "letmein")
    with (
        psycopg.connect(server.dsn("postgres", "reader", "letmein")) as connection,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        connection.execute("CREATE TEMP TABLE scratch ()")


def test_a_database_is_made_once_and_its_password_follows(server: Server) -> None:
    for password in ("first", "second"):
        databases.ensure(server, "things", "owner", password)
    with psycopg.connect(server.dsn("things", "owner", "second")) as connection:
        connection.execute("CREATE TABLE thing ()")
        assert connection.execute("SELECT current_user, current_database()").fetchone() == ("owner", "things")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_programs_that_the_servers_user_cannot_reach_are_copied_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    refuge = Path(tempfile.mkdtemp())
    refuge.chmod(0o755)
    monkeypatch.setattr(account, "REFUGE", refuge)
    monkeypatch.setattr(binaries.account, "reaches", lambda user, path: False)
    folder = binaries.folder(account.server_user())
    assert account.run_as(account.server_user(), [str(folder / "initdb"), "--version"]).returncode == 0
    shutil.rmtree(refuge)
