"""What a PostgreSQL server says of itself, against real servers: locks, long transactions, deadlocks, rights that are missing."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from include.asking.onlooker import Onlooker
from include.config.targets import Backup
from include.failures import SourceError
from include.metrics import Reading
from include.sources.postgresql import FILES, METRICS, NEEDS, QUERIES, STATEMENTS, PostgresGauge
from include.store import Store
from include.store.samples import newest, record
from include.targets.fleet import Fleet
from local.postgres import Server, throwaway
from tests.conftest import NOW, database, stopped
from tests.sources.gauged import LABELS, WITHIN, ask, by, deadlock, in_background, of, read, refused, run, session, until

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
    for kind, names in {"table": {"public.big"}, "index": {"public.big_n", "public.big_lower"}}.items():
        shares = by(readings, f"database_{kind}_bloat_share", kind)
        assert shares.keys() == names
        assert all(60 < share < 72 for share in shares.values())  # two of three rows are gone
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
            columns = {column.name for column in connection.execute(query.replace(STATEMENTS, "public").encode()).description or ()}
            assert allowed <= columns <= allowed | {"note", "query"}


def test_whatever_a_file_needs_can_be_asked_for(dsn: str) -> None:
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        known = [{row["need"] for row in connection.execute(QUERIES[name].encode())} for name in NEEDS]
    assert known[0] | known[1] == {need for file in FILES.values() for need in file.needs}
    assert known[0] >= {need for file in FILES.values() for need in file.needs if file.cheap}


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
    deadlock(dsn)
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
    unanswered = {one.labels["metric"] for one in readings if one.metric == "metric_unanswered"}
    assert unanswered == {name for file in (*of_monitor, *bloat) for name in FILES[file].metrics}
    expected = {name for file in FILES.values() if not file.needs for name in file.metrics}
    assert {one.metric for one in readings} >= (expected & ALWAYS) - SOMETIMES
    assert refused(allowed) == bloat


def test_who_may_not_see_a_schema_is_told_what_to_grant(server: Server, dsn: str) -> None:
    name = dsn.rpartition("/")[2]
    run(dsn, "create schema hidden", "create table hidden.paid ()", "create table closed ()", "create role watcher login password 'watch'")
    run(dsn, "grant pg_monitor to watcher", "create extension pg_stat_statements schema hidden")
    try:
        found = refused(read(server.dsn(name, "watcher", "watch"), row_counts=("hidden.paid",)))
    finally:
        run(dsn, "drop owned by watcher", "drop role watcher")
    assert found["statements"] == "not permitted: run GRANT USAGE ON SCHEMA hidden TO watcher"
    assert found["table_rows"] == "not permitted: permission denied for schema hidden: run GRANT USAGE ON SCHEMA hidden TO watcher"


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
    run(dsn, 'select "odd, one".pg_stat_statements_reset()')  # others on this server may have asked for slower things
    run(dsn, "select pg_sleep(0.3) -- from here\n as <b>".replace("<b>", '"<b>"'))
    readings = read(dsn)
    (slow,) = {one.labels["queryid"]: one for one in readings if one.note == 'select pg_sleep($1) as "<b>"'}.values()
    calls, seconds = (by(readings, f"database_statement_{what}", "queryid") for what in ("calls", "time"))
    assert calls[slow.labels["queryid"]] == 1
    assert 1 <= len(calls) <= 60
    assert calls.keys() == seconds.keys()


def test_nothing_that_others_have_put_beside_the_extension_is_run(dsn: str) -> None:
    """Of operators the one that fits best is taken, from all schemas that are searched (CVE-2018-1058)."""
    run(dsn, "create extension pg_stat_statements schema public", "create table public.run ()")
    run(
        dsn, "create function public.mul(numeric, integer) returns numeric language plpgsql as 'begin drop table public.run; return 1; end'"
    )
    run(dsn, "create operator public.* (leftarg = numeric, rightarg = integer, function = public.mul)")
    readings = read(dsn)
    assert of(readings, "metrics_unanswered").value == 0
    assert by(readings, "database_statement_calls", "queryid")
    assert ask(dsn, "select to_regclass('public.run') is not null"), "nobody has run it"


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
    run(dsn, "create extension pg_stat_statements", "select pg_stat_statements_reset()")  # others on this server asked for slower things
    for minutes in (0, 5):
        at = NOW + timedelta(minutes=minutes)
        fleet = Fleet("databases", "database_health", [PostgresGauge(LABELS, dsn)], METRICS, clock=stopped(at))
        with store.transaction():
            record(store, fleet.read(store, at, None, WITHIN))
        run(dsn, *["select 1"] * 20)
        time.sleep(1.1)  # a session tells of itself once a second
    rates = {name for name, metric in METRICS.items() if metric.rate_of}
    assert {name for name in rates if newest(store, name, LABELS)} == rates
    assert 0 < newest(store, "database_cache_hit", LABELS)[0]["value"] <= 100
    assert any(row["note"] for row in newest(store, "database_statement_mean", LABELS))


def test_a_server_that_answers_too_slowly_for_anything_is_one_that_does_not_answer(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_time(onlooker: Onlooker) -> None:
        raise TimeoutError("not asked: no time was left")

    monkeypatch.setattr(Onlooker, "hurry", no_time)
    with pytest.raises(SourceError, match="it answers too slowly: not asked: no time was left"):
        read(dsn)


def test_too_many_tables_to_look_at_each_keep_nothing_else_from_being_asked(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(QUERIES, "needs_of_tables", "select 'x' as need, true as met, '' as otherwise from pg_sleep(60)")
    run(dsn, "create extension pg_stat_statements")
    readings = read(dsn, patience=timedelta(seconds=1))
    assert refused(readings).keys() == {"table_bloat", "index_bloat"}
    assert set(refused(readings).values()) == {"not known: canceling statement due to statement timeout"}
    assert of(readings, "metrics_unanswered").value == 0


def test_what_others_call_their_tables_is_harmless_to_look_at(dsn: str) -> None:
    run(dsn, 'create table "evil\n\u202etable" as select generate_series(1, 2000)', 'delete from "evil\n\u202etable"')
    until(lambda: by(read(dsn), "database_dead_rows", "table"))
    assert {"public.evil\ufffd\ufffdtable"} == by(read(dsn), "database_dead_rows", "table").keys()
