"""A second PostgreSQL server that follows a first."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local import account, binaries, ports
from local.postgres import Server


@contextmanager
def replica(primary: Server) -> Iterator[Server]:
    """A standby of a server, by the name of `walreceiver`."""
    programs = binaries.folder(primary.user)
    if not (programs / "pg_basebackup").exists():
        pytest.skip("pg_basebackup is not among the programs of PostgreSQL")
    folder = Path(tempfile.mkdtemp(prefix="securenet-replica-"))
    folder.chmod(0o755)
    standby = Server(folder, ports.any_free(), primary.password, folder / "log", primary.settings, bound=True)
    standby.data.mkdir()
    account.own(standby.data, standby.user)
    slot = ["-R", "-C", "-S", "standby", "-c", "fast"]
    copy = [str(programs / "pg_basebackup"), "-D", str(standby.data), "-d", primary.dsn("postgres"), *slot]
    try:
        done = account.run_as(standby.user, copy)
        assert done.returncode == 0, done.stderr
        standby.start()
        yield standby
    finally:
        standby.remove()
