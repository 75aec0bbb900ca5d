"""Servers in trouble of their own: full of sessions, with an archive that fails, with a replica that lags."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from include.metrics import Reading
from local.postgres import Server, throwaway
from tests.sources.gauged import ask, by, of, read, refused, run, session, until
from tests.sources.replicas import replica

SETTINGS = {
    "max_connections": "15",
    "superuser_reserved_connections": "5",
    "max_wal_senders": "3",
    "archive_mode": "on",
    # Takes nothing but into a folder that is open.
    "archive_command": "test -e open",
    "max_prepared_transactions": "2",
    "wal_level": "logical",
    "hot_standby_feedback": "on",
}


@pytest.fixture(scope="module")
def small() -> Iterator[Server]:
    """A server with room for ten, whose archive takes nothing yet."""
    with throwaway(**SETTINGS) as running:
        yield running


def test_connections_are_counted_against_what_is_left_for_all(small: Server) -> None:
    run(small.dsn("postgres"), "create role app login password 'app'")
    with ExitStack() as crowd:
        for _ in range(9):
            crowd.enter_context(session(small.dsn("postgres", "app", "app"), "shop\n<b>"))
        used = of(read(small.dsn("postgres")), "database_connections_used")
        assert used.value == 100  # nine of the shop and this one, of 15 - 5
        assert used.note == "most by shop\\x0a<b>: 9"
        crowd.enter_context(session(small.dsn("postgres")))
        assert of(read(small.dsn("postgres")), "database_connections_used").value == 110


def test_an_archive_that_fails_is_told_with_the_file(small: Server) -> None:
    before = read(small.dsn("postgres"))
    run(small.dsn("postgres"), "create table written ()", "select pg_switch_wal()")
    until(lambda: ask(small.dsn("postgres"), "select failed_count from pg_stat_archiver"))
    readings = read(small.dsn("postgres"))
    failed = of(readings, "wal_archive_failed")
    assert failed.value == 1
    assert failed.note
    assert failed.note.startswith(str(ask(small.dsn("postgres"), "select last_failed_wal from pg_stat_archiver")) + " at 20")
    assert of(readings, "backup_age").note == "no WAL was ever archived"
    assert of(readings, "backup_age").value > of(before, "backup_age").value
    (small.data / "open").touch()
    until(lambda: of(read(small.dsn("postgres")), "wal_archive_failed") == Reading("wal_archive_failed", 0))
    until(lambda: str(of(read(small.dsn("postgres")), "backup_age").note).startswith("WAL 0000"))


def test_a_prepared_transaction_that_nobody_ends_is_found_and_blocks(small: Server) -> None:
    run(small.dsn("postgres"), "create table held ()", "begin", "lock table held", "prepare transaction 'two <phases>'")
    try:
        longest = of(read(small.dsn("postgres")), "database_longest_prepared")
        assert longest.value > 0
        assert longest.note == "two <phases> of postgres in postgres"
    finally:
        run(small.dsn("postgres"), "rollback prepared 'two <phases>'")


def test_a_replica_that_stands_still_lags_on_both_sides_and_its_slot_keeps_wal(small: Server) -> None:
    primary = small.dsn("postgres")
    with replica(small) as behind:
        standby = behind.dsn("postgres")
        until(lambda: by(read(primary), "database_replication_lag_bytes", "replica") == {"walreceiver": 0})
        run(standby, "select pg_wal_replay_pause()")
        until(lambda: ask(standby, "select pg_get_wal_replay_pause_state() = 'paused'"))
        run(primary, "create table late as select generate_series(1, 10000)")
        until(lambda: of(read(standby, cheap=True), "database_replay_lag_bytes").value)
        until(lambda: by(read(primary), "database_replication_lag_bytes", "replica")["walreceiver"])
        there, here = read(standby), read(primary)
        assert of(there, "database_standby").value == 1
        assert of(there, "database_replay_paused").value == 1
        assert of(there, "database_replay_lag").value > 0
        assert of(there, "database_replay_lag").note == "receives from 127.0.0.1"
        assert {one.metric for one in there} & {"database_wal_bytes", "wal_archive_failed", "backup_age"} == set()
        assert of(there, "metrics_unanswered").value == 0
        assert set(refused(there)) == {"statements"}
        assert of(here, "database_replicas").value == 1
        assert of(here, "database_standby").value == 0
        run(standby, "select pg_wal_replay_resume()")
        until(lambda: of(read(standby, cheap=True), "database_replay_lag").value == 0)
        until(lambda: by(read(primary), "database_replication_lag", "replica") == {"walreceiver": 0})
        assert by(read(primary), "database_slot_inactive", "slot") == {"standby": 0}
    until(lambda: by(read(primary), "database_slot_inactive", "slot") == {"standby": 1})
    kept = by(read(primary), "database_slot_retained", "slot")
    run(primary, "create table later as select generate_series(1, 10000)")
    assert by(read(primary), "database_slot_retained", "slot")["standby"] > kept["standby"]
    (note,) = {one.note for one in read(primary) if one.metric == "database_slot_inactive"}
    assert note is not None
    assert note.startswith("physical, WAL reserved")
    assert of(read(primary), "database_replicas") == Reading("database_replicas", 0)


def test_a_slot_that_a_standby_keeps_in_step_waits_for_no_reader_there(small: Server) -> None:
    primary = small.dsn("postgres")
    run(primary, "select pg_drop_replication_slot(slot_name) from pg_replication_slots")
    with replica(small) as follows:
        standby = follows.dsn("postgres")
        run(primary, "select pg_create_logical_replication_slot('sub', 'pgoutput', false, false, true)")
        until(lambda: ask(primary, "select active from pg_replication_slots where slot_name = 'standby'"))

        def in_step() -> object:
            run(primary, "select pg_log_standby_snapshot()", "select pg_replication_slot_advance('sub', pg_current_wal_lsn())")
            run(standby, "select pg_sync_replication_slots()")
            return ask(standby, "select count(*) from pg_replication_slots where synced and not temporary")

        until(in_step)
        assert by(read(standby), "database_slot_inactive", "slot") == {}
        assert by(read(primary), "database_slot_inactive", "slot") == {"standby": 0, "sub": 1}
    run(primary, "select pg_drop_replication_slot(slot_name) from pg_replication_slots")
