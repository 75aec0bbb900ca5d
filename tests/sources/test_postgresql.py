"""What a PostgreSQL server says of itself, against real servers: locks, long transactions, deadlocks, rights that are missing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from include.config.targets import Backup
from include.failures import SourceError
from include.fleet import Fleet
from include.metrics import Reading
from include.sources import postgresql
from include.sources.postgresql import FILES, METRICS, QUERIES, PostgresGauge
from include.store import Store
from include.store.samples import newest, record
from local.postgres import Server, throwaway
from tests.conftest import NOW, database

LABELS = {"target": "db1", "environment": "prod"}
WITHIN = timedelta(seconds=60)
DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
ALWAYS = {name for name, metric in METRICS.items() if not metric.rate_of}
# What is there only where there is an archive, a replica, a slot, or row_counts.
SOMETIMES = {
    *("backup_age", "wal_archive_failed", "table_rows", "database_replication_lag", "database_replication_lag_bytes"),
    *("database_slot_retained", "database_slot_inactive"),
    *("database_replay_lag", "database_replay_lag_bytes", "database_replay_paused"),
}
# A table and an index that are worth an estimate, with rows that are gone.
BIG = """
    create extension if not exists pg_stat_statements;
    create table if not exists big as select n, md5(n::text) as text from generate_series(1, 60000) n;
    create index if not exists big_n on big (n);
    create index if not exists big_lower on big (lower(text));
    delete from big where n % 3 <> 0;
"""


@pytest.fixture
def dsn(server: Server) -> Iterator[str]:
    """A database of one's own on the server that all tests share."""
    with database(server, "template1") as dsn:
        yield dsn


@contextmanager
def session(dsn: str, name: str = "till") -> Iterator[psycopg.Connection[Any]]:
    """Somebody who works with the database, and is gone at the end."""
    connection = psycopg.connect(dsn, application_name=name)
    try:
        yield connection
    finally:
        connection.close()


def run(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def ask(dsn: str, query: str) -> Any:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        return row and row[0]


def until(holds: Callable[[], object]) -> None:
    """Wait for the server to come to it."""
    ends = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < ends, "it did not come to it"
        time.sleep(0.05)


def read(dsn: str, within: timedelta = WITHIN, cheap: bool = False, **options: Any) -> list[Reading]:
    return PostgresGauge(LABELS, dsn, **options).read(within, cheap)


def of(readings: Sequence[Reading], metric: str) -> Reading:
    """The only reading of a metric."""
    (found,) = [reading for reading in readings if reading.metric == metric]
    return found


def by(readings: Sequence[Reading], metric: str, label: str) -> dict[str, float]:
    return {reading.labels[label]: reading.value for reading in readings if reading.metric == metric}


def refused(readings: Sequence[Reading]) -> dict[str, str | None]:
    return {one.labels["metric"]: one.note for one in readings if one.metric == "metric_permitted" and not one.value}


def in_background(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def cancelled(connection: psycopg.Connection[Any]) -> None:
    """Sleep until somebody wakes it."""
    with suppress(psycopg.errors.QueryCanceled):
        connection.execute("select pg_sleep(600)")


def test_a_full_reading_has_all_that_a_server_says(dsn: str) -> None:
    run(dsn, *BIG.split(";")[:-1], "vacuum analyze big")
    readings = read(dsn)
    assert {one.metric for one in readings} == ALWAYS - SOMETIMES
    assert refused(readings) == {}
    assert of(readings, "metrics_unanswered") == Reading("metrics_unanswered", 0)
    assert by(readings, "metric_permitted", "metric").keys() == FILES.keys()
    assert all(reading.labels.keys() == set(METRICS[reading.metric].labels) for reading in readings)


def test_each_minute_only_what_costs_nothing_is_asked(dsn: str) -> None:
    cheap = {name for file in FILES.values() if file.cheap for name, metric in file.metrics.items() if not metric.rate_of}
    assert {one.metric for one in read(dsn, cheap=True, row_counts=("public.x",))} == cheap - SOMETIMES | {"database_response_time"}


@pytest.mark.parametrize("name", FILES)
def test_every_query_gives_the_columns_that_its_file_names(dsn: str, name: str) -> None:
    file = FILES[name]
    run(dsn, "create extension pg_stat_statements")
    allowed = {column for name, metric in file.metrics.items() if not metric.rate_of for column in (name, *metric.labels)}
    with psycopg.connect(dsn) as connection:
        assert max(file.variants) <= connection.info.server_version // 10000
        for query in file.variants.values():
            columns = {column.name for column in connection.execute(query.encode()).description or ()}
            assert allowed <= columns <= allowed | {"note", "query"}


def test_whatever_a_file_needs_can_be_asked_for(dsn: str) -> None:
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        known = {row["need"] for row in connection.execute(QUERIES["needs"].encode())}
    assert known == {need for file in FILES.values() for need in file.needs}


@pytest.mark.parametrize("version", [13, 14, 15, 16, 17, 18])
def test_every_version_has_its_query(version: int) -> None:
    assert all(file.query(version) for file in FILES.values())
    chosen = {name: max(first for first in file.variants if first <= version) for name, file in FILES.items() if len(file.variants) > 1}
    assert chosen == {"blocked": 14 if version >= 14 else 13, "slots": 17 if version >= 17 else 13}


@pytest.mark.skipif(not DEBIAN, reason="no PostgreSQL of Debian's is installed")
def test_an_older_server_is_read_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECURENET_POSTGRES_BIN", str(DEBIAN[0].parent))
    with throwaway() as older:
        run(older.dsn("postgres"), *BIG.split(";")[:-1], "vacuum analyze big")
        readings = read(older.dsn("postgres"))
    missing = {"database_checksum_failures"} if int(DEBIAN[0].parts[-3]) < 18 else set()
    assert {one.metric for one in readings} == ALWAYS - SOMETIMES - missing
    assert (refused(readings), of(readings, "metrics_unanswered").value) == ({}, 0)


def test_who_waits_for_a_lock_is_told_with_who_holds_it(dsn: str) -> None:
    run(dsn, "create table account (id int, password text)", "insert into account values (1, 'old')")
    with session(dsn, "till\nno 7 <b>") as holder, session(dsn) as waiter:
        pids = holder.info.backend_pid, waiter.info.backend_pid
        holder.execute("update account set password = 's3cret' -- don't\n where id = 1")
        thread = in_background(lambda: waiter.execute("delete from account"))
        until(lambda: ask(dsn, "select count(*) from pg_locks where not granted and waitstart is not null"))
        readings = read(dsn, cheap=True)
        holder.rollback()
        thread.join()
    assert of(readings, "database_blocked").value == 1
    longest = of(readings, "database_blocked_longest")
    assert longest.value > 0
    assert longest.note == (
        f"pid {pids[1]} waits for pid {pids[0]}, postgres with till\\x0ano 7 <b>, idle in transaction: "
        "update account set password = '…' where id = 1"
    )


def test_a_transaction_that_stays_open_is_told_with_who_has_it(dsn: str) -> None:
    with session(dsn) as idle, session(dsn) as busy:
        pids = idle.info.backend_pid, busy.info.backend_pid
        idle.execute("select 1")
        thread = in_background(lambda: cancelled(busy))
        until(lambda: ask(dsn, "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"))
        readings = read(dsn, cheap=True)
        ask(dsn, f"select pg_cancel_backend({pids[1]})")
        thread.join()
    for metric, pid, what in [
        ("database_longest_transaction", pids[0], "select 1"),
        ("database_longest_idle_in_transaction", pids[0], "select 1"),
        ("database_longest_query", pids[1], "select pg_sleep(600)"),
    ]:
        reading = of(readings, metric)
        assert reading.value > 0
        assert reading.note == f"pid {pid}, postgres with till in {dsn.rpartition('/')[2]}: {what}"
    assert of(readings, "database_idle_in_transaction").value == 1
    assert by(readings, "database_connections", "state")["idle in transaction"] == 1
    assert by(readings, "database_connections", "state")["active"] == 1


def test_a_deadlock_is_counted(dsn: str) -> None:
    run(dsn, "create table a ()", "create table b ()")
    before = of(read(dsn, cheap=True), "database_deadlocks").value
    met = threading.Barrier(2)

    def lock(first: str, second: str) -> None:
        with session(dsn) as connection:
            connection.execute("set deadlock_timeout = '50ms'")
            connection.execute(f"lock table {first}")
            met.wait()
            with suppress(psycopg.errors.DeadlockDetected):
                connection.execute(f"lock table {second}")

    for thread in [in_background(lambda: lock("a", "b")), in_background(lambda: lock("b", "a"))]:
        thread.join()
    until(lambda: of(read(dsn, cheap=True), "database_deadlocks").value == before + 1)


def test_who_may_not_see_all_is_told_what_to_grant_and_sees_the_rest(server: Server, dsn: str) -> None:
    run(
        dsn,
        *BIG.split(";")[:-1],
        "create role watcher login password 'watch'",
        f"grant connect on database {dsn.rpartition('/')[2]} to watcher",
    )
    run(dsn, f"revoke connect on database {dsn.rpartition('/')[2]} from public", "create table secret ()")
    watcher = server.dsn(dsn.rpartition("/")[2], "watcher", "watch")
    try:
        with database(server, "template1") as other:
            run(other, f"revoke connect on database {other.rpartition('/')[2]} from public")
            readings = read(watcher)
        run(dsn, "grant pg_monitor to watcher")
        allowed = read(watcher)
    finally:
        run(dsn, "drop owned by watcher", "drop role watcher")
    monitor = "not permitted: run GRANT pg_monitor TO watcher"
    tables = "not permitted: run GRANT SELECT ON ALL TABLES IN SCHEMA public TO watcher"
    of_monitor = {name for name, file in FILES.items() if {"pg_monitor", "all_databases"} & set(file.needs)}
    bloat = {"table_bloat": tables, "index_bloat": tables}
    assert refused(readings) == dict.fromkeys(of_monitor, monitor) | bloat
    assert of(readings, "metrics_unanswered").value == 0
    expected = {name for file in FILES.values() if not file.needs for name in file.metrics}
    assert {one.metric for one in readings} >= (expected & ALWAYS) - SOMETIMES
    assert refused(allowed) == bloat


def test_statements_are_not_there_without_their_extension(dsn: str) -> None:
    name = dsn.rpartition("/")[2]
    assert refused(read(dsn)) == {"statements": f"not there: run CREATE EXTENSION pg_stat_statements in database {name}"}


def test_an_extension_that_is_not_loaded_harms_nothing_else() -> None:
    with throwaway(shared_preload_libraries="") as bare:
        run(bare.dsn("postgres"), "create extension pg_stat_statements")
        readings = read(bare.dsn("postgres"))
    why = of(readings, "metrics_unanswered")
    assert (why.value, why.note) == (1, 'statements: pg_stat_statements must be loaded via "shared_preload_libraries"')
    assert refused(readings) == {}


def test_statements_that_cost_most_are_found_wherever_the_extension_was_put(dsn: str) -> None:
    run(dsn, 'create schema "odd, one"', 'create extension pg_stat_statements schema "odd, one"')
    run(dsn, "select pg_sleep(0.3) -- from here\n as <b>".replace("<b>", '"<b>"'))
    readings = read(dsn)
    (slow,) = {one.labels["queryid"]: one for one in readings if one.note == 'select pg_sleep($1) as "<b>"'}.values()
    calls, seconds = (by(readings, f"database_statement_{what}", "queryid") for what in ("calls", "time"))
    assert calls[slow.labels["queryid"]] == 1
    assert 1 <= len(calls) <= 20
    assert calls.keys() == seconds.keys()


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


def test_what_strangers_write_in_another_encoding_is_told_in_one_short_line(server: Server) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        admin.execute("create database latin encoding latin1 locale 'C' template template0")
    try:
        with session(server.dsn("latin")) as stranger:
            pid = stranger.info.backend_pid
            stranger.execute("set client_encoding = latin1")
            stranger.execute("select 1 as é, 'secret é' /* \n */" + ", 2" * 1500)
            readings = read(server.dsn("postgres"), cheap=True)
        (note,) = {one.note for one in readings if one.metric == "database_longest_transaction"}
    finally:
        run(server.dsn("postgres"), "drop database latin with (force)")
    assert note is not None
    assert note.startswith(f"pid {pid}, postgres with till in latin: select 1 as ")
    assert len(note) < 500
    assert "secret" not in note
    assert "\n" not in note


def test_a_server_that_is_away_is_a_line_without_its_password() -> None:
    with pytest.raises(SourceError) as failure:
        read("postgresql://ann:s3cret@127.0.0.1:1/postgres")
    assert "Connection refused" in str(failure.value)
    assert "s3cret" not in str(failure.value) + repr(PostgresGauge(LABELS, "postgresql://ann:s3cret@x/y"))
    assert "\n" not in str(failure.value)


def test_a_server_that_hangs_is_left_in_time() -> None:
    with throwaway() as frozen:
        run(frozen.dsn("postgres"), "create table t ()")
        asleep = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"

        def freeze() -> None:
            until(lambda: ask(frozen.dsn("postgres"), asleep))
            frozen.pause()

        thread = in_background(freeze)
        with pytest.raises(SourceError, match="no whole answer within 8 s"):
            read(frozen.dsn("postgres"), timedelta(seconds=8), backup=Backup(query="select pg_sleep(600)"), patience=timedelta(seconds=2))
        thread.join()
        with pytest.raises(SourceError):
            read(frozen.dsn("postgres"), timedelta(seconds=2))
        frozen.resume()


def test_what_there_is_no_time_for_is_said(dsn: str) -> None:
    readings = read(dsn, timedelta(seconds=4), backup=Backup(query="select pg_sleep(600)"), row_counts=("public.x",) * 3)
    assert of(readings, "metrics_unanswered").value >= 1


def test_rates_and_ratios_come_of_two_readings(store: Store, dsn: str) -> None:
    run(dsn, "create extension pg_stat_statements")
    for minutes in (0, 5):
        fleet = Fleet("databases", "database_health", [PostgresGauge(LABELS, dsn)], METRICS)
        with store.transaction():
            record(store, fleet.read(store, NOW + timedelta(minutes=minutes), None, WITHIN))
        run(dsn, *["select 1"] * 20)
        time.sleep(1.1)  # a session tells of itself once a second
    rates = {name for name, metric in METRICS.items() if metric.rate_of}
    assert {name for name in rates if newest(store, name, LABELS)} == rates
    assert 0 < newest(store, "database_cache_hit", LABELS)[0]["value"] <= 100
    assert newest(store, "database_deadlocks_rate", LABELS)[0]["value"] == 0
    assert any(row["note"] for row in newest(store, "database_statement_mean", LABELS))


def test_a_moment_of_a_backup_is_one_of_this_world(dsn: str) -> None:
    made = datetime.now(UTC) - timedelta(hours=1)
    reading = of(read(dsn, backup=Backup(query=f"select timestamptz '{made.isoformat()}'")), "backup_age")
    assert 3600 <= reading.value < 7200
