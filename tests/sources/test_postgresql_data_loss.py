"""What tells of lost data: how many rows tables have, and how old the last backup is."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from include.config.targets import Backup
from include.metrics import Reading
from include.sources import postgresql
from tests.sources.gauged import ask, by, of, read, run, session, until
from tests.sources.seen import waiting


def test_a_table_that_loses_its_rows_says_so_and_so_does_one_that_is_gone(dsn: str) -> None:
    run(dsn, 'create table "Odd Table" as select generate_series(1, 100)', "create table parted (n int) partition by list (n)")
    run(dsn, "create table part partition of parted for values in (1, 2)", "insert into parted values (1), (2)")
    tables = ('public."Odd Table"', "public.parted", "public.gone")
    assert by(read(dsn, row_counts=tables), "table_rows", "table") == dict(zip(tables, (100, 2, 0), strict=True))
    run(dsn, 'delete from "Odd Table"')
    assert by(read(dsn, row_counts=tables), "table_rows", "table") == dict(zip(tables, (0, 2, 0), strict=True))


def test_the_rows_of_a_large_table_are_estimated(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "COUNTED", -1)
    run(dsn, "create table large as select generate_series(1, 5000)")
    run(dsn, "analyze large")
    table = {"table": "public.large"}
    until(lambda: Reading("table_rows", 5000, table, "estimated") in read(dsn, row_counts=("public.large",)))
    run(dsn, "truncate large")
    until(lambda: Reading("table_rows", 0, table, "estimated") in read(dsn, row_counts=("public.large",)))


def test_what_a_crash_makes_the_server_forget_is_no_loss_of_rows(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "COUNTED", -1)
    run(dsn, "create table large as select generate_series(1, 5000) as n", "analyze large")
    run(dsn, "select pg_stat_reset_single_table_counters('large'::regclass)", "insert into large select generate_series(1, 10)")
    until(lambda: ask(dsn, "select n_live_tup from pg_stat_all_tables where relname = 'large'") == 10)
    assert by(read(dsn, row_counts=("public.large",)), "table_rows", "table") == {"public.large": 5000}
    run(dsn, "delete from large where n > 1000")
    until(lambda: by(read(dsn, row_counts=("public.large",)), "table_rows", "table") == {"public.large": 1000})
    run(dsn, "analyze large")
    until(lambda: by(read(dsn, row_counts=("public.large",)), "table_rows", "table") == {"public.large": 1010})


def test_rows_that_are_counted_twice_are_told_once(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "COUNTED", -1)
    run(dsn, "create table large as select generate_series(1, 5000)", "vacuum analyze large")
    time.sleep(1.1)  # a session tells of itself once a second, and at its end
    assert by(read(dsn, row_counts=("public.large",)), "table_rows", "table") == {"public.large": 5000}


def test_the_rows_of_partitions_are_estimated_once(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "COUNTED", -1)
    run(dsn, "create table parted (n int) partition by list (n)", "create table part partition of parted for values in (1)")
    run(dsn, "insert into parted select 1 from generate_series(1, 5000)")
    until(lambda: ask(dsn, "select n_live_tup from pg_stat_all_tables where relname = 'part'") == 5000)
    run(dsn, "analyze parted")
    assert ask(dsn, "select reltuples from pg_class where relname = 'parted'") == 5000, "of a partitioned table all is noted once more"
    assert by(read(dsn, row_counts=("public.parted",)), "table_rows", "table") == {"public.parted": 5000}


def test_a_table_that_somebody_has_locked_holds_up_nobody(dsn: str) -> None:
    run(dsn, "create table locked as select generate_series(1, 10)", "create table free ()")
    with session(dsn) as holder:
        holder.execute("lock table locked")
        readings = read(dsn, row_counts=("public.locked", "public.free"), patience=timedelta(milliseconds=500))
    assert by(readings, "table_rows", "table") == {"public.locked": 10, "public.free": 0}
    assert of(readings, "metrics_unanswered").value == 0


def test_a_name_that_is_none_harms_no_other_table(dsn: str) -> None:
    run(dsn, "create table free ()")
    readings = read(dsn, row_counts=("a.b.c.d", "public.free"))
    assert by(readings, "table_rows", "table") == {"public.free": 0}
    assert of(readings, "metrics_unanswered").value == 1


def test_the_age_of_a_backup_is_read_where_the_user_says(dsn: str, tmp_path: Path) -> None:
    asked = Backup(query="select now() - interval '2 days'")
    assert timedelta(seconds=of(read(dsn, backup=asked), "backup_age").value) >= timedelta(days=2)
    endless = Backup(query="select now() - interval '2 days', repeat('x', 1000) from pg_attribute a, pg_attribute b, pg_attribute c")
    assert timedelta(seconds=of(read(dsn, backup=endless), "backup_age").value) >= timedelta(days=2)
    for name, content, age in [("old.dump", "x", 3000), ("new.dump", "x", 2000), ("empty.dump", "", 1000)]:
        (tmp_path / name).write_text(content)
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    found = of(read(dsn, backup=Backup(file=f"{tmp_path}/*.dump")), "backup_age")
    assert 2000 <= found.value < 3000
    assert found.note == f"{tmp_path}/new.dump"


@pytest.mark.parametrize(
    ("backup", "why"),
    [
        (Backup(query="select null::timestamptz"), "backup: the query gives no moment: a timestamptz is needed, of a backup that is there"),
        (Backup(query="select now() where false"), "backup: the query gives no moment: a timestamptz is needed, of a backup that is there"),
        (Backup(query="select now()::timestamp"), "backup: the query gives no moment: a timestamptz is needed, of a backup that is there"),
        (Backup(query="create table x ()"), "backup: cannot execute CREATE TABLE in a read-only transaction"),
        (Backup(query="select pg_sleep(600)"), "backup: canceling statement due to statement timeout"),
        (Backup(query="select"), "backup: the query gives no moment: a timestamptz is needed, of a backup that is there"),
        (Backup(query="select now() +"), "backup: syntax error at end of input"),
        (Backup(file="/nowhere/*.dump"), "backup: there is no file like /nowhere/*.dump that is not empty"),
    ],
    ids=["null", "no row", "no zone", "writes", "sleeps", "no column", "no SQL", "no file"],
)
def test_a_backup_of_which_nothing_is_known_is_said_not_invented(dsn: str, backup: Backup, why: str) -> None:
    readings = read(dsn, backup=backup, patience=timedelta(milliseconds=500))
    assert [one for one in readings if one.metric == "backup_age"] == []
    assert (of(readings, "metrics_unanswered").value, of(readings, "metrics_unanswered").note) == (1, why)
    assert of(readings, "database_wraparound_used").value < 1


def test_a_folder_of_backups_that_hangs_harms_nothing_else(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "iglob", lambda pattern: time.sleep(60))
    threads = waiting()
    for _ in range(2):
        readings = read(dsn, backup=Backup(file="/nfs/*.dump"), patience=timedelta(seconds=1))
    assert len(waiting() - threads) == 1
    why = "backup: /nfs/*.dump cannot be looked at: its file system does not answer"
    assert (of(readings, "metrics_unanswered").value, of(readings, "metrics_unanswered").note) == (1, why)
    assert of(readings, "database_wraparound_used").value < 1


def test_a_moment_of_a_backup_is_one_of_this_world(dsn: str) -> None:
    made = datetime.now(UTC) - timedelta(hours=1)
    reading = of(read(dsn, backup=Backup(query=f"select timestamptz '{made.isoformat()}'")), "backup_age")
    assert 3600 <= reading.value < 7200
