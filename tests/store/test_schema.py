"""The schema: proven equal to what is documented, and never in the way of an insert."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import psycopg
import pytest

from include.model import Sample, utc_now
from include.store import Store, connect, migrations, samples
from local.postgres import Server
from tests.conftest import NOW, database
from tests.store.schema import SCHEMA, dumped


def test_the_migrations_make_exactly_the_schema_that_is_written_down(server: Server, store_template: str) -> None:
    """After a change of the schema, `python -m tests.store.schema` writes it down."""
    assert dumped(server, store_template) == SCHEMA.read_text()


def test_migrating_twice_and_two_at_once_is_migrating_once(store: Store) -> None:
    assert migrations.migrate(store) == []
    assert [step.name for step in migrations.known()] == [
        "initial",
        "lifecycle",
        "watchers",
        "counts",
        "hooks",
        "marks",
        "delivery",
        "expected",
        "reminded",
        "evaluation",
        "aftermath",
        "discovered",
        "counts",
        "audiences",
        "forgetting",
    ]


def test_reports_of_one_organisation_and_their_mails_keep_their_queue(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a store of before, whose audiences had other names."""
    known = migrations.known()
    with database(server, "template1") as dsn, closing(connect(dsn, "old").connection) as connection:
        old = Store(connection)
        monkeypatch.setattr(migrations, "known", lambda: [step for step in known if step.number < 17])
        migrations.migrate(old)
        for audience in ("", "acme", "acme/limited", "a/b"):
            connection.execute(REPORT, {"audience": audience, "group": f"report/d/n/{audience}"})
        monkeypatch.setattr(migrations, "known", lambda: known)
        migrations.migrate(old)
        rows = connection.execute("select audience, group_key, key from message join report on report.id = report_id order by 1").fetchall()
    assert [row["audience"] for row in rows] == ["", "of a/b", "of acme", "only acme"]
    for row in rows:
        assert (row["group_key"], row["key"]) == (f"report/d/n/{row['audience']}", f"report/d/n/{row['audience']}/run/ann@example.com")


REPORT = """
with kept as (
    insert into report (duty, name, audience, run_id, period_end, reason, title, html, plain, csv, told_from, told_until, created_at)
    values ('d', 'n', %(audience)s, 'run', now(), 'r', '', '', '', '', 0, 0, now()) returning id
)
insert into message (key, duty, channel, receiver, group_key, template, subject, content, report_id, created_at, due_at)
select %(group)s || '/run/ann@example.com', 'd', 'email', 'ann@example.com', %(group)s, 'report', '', '{}', id, now(), now() from kept
"""


def test_a_migration_that_was_edited_is_named(store: Store) -> None:
    store.connection.execute("update migration set checksum = 'x'")
    with pytest.raises(Exception, match=r"migration 1\.001_initial was changed after it was applied"):
        migrations.check(store)


def test_partitions_reach_two_weeks_ahead(store: Store) -> None:
    names = {
        row["relname"] for row in store.connection.execute("select relname from pg_class where relname like 'sample_2%' and relkind = 'r'")
    }
    assert names == {f"sample_{utc_now() + timedelta(days=day):%Y%m%d}" for day in range(-1, 15)}


def test_a_sample_without_a_partition_is_kept_and_moves_into_one_when_it_is_made(store: Store) -> None:
    far = utc_now() + timedelta(days=40)
    samples.record(store, [Sample("m", {"a": "b"}, 1, far, "x")])
    made = store.value("samples.ensure_partitions", today=far.date(), ahead=1)
    assert made == 3
    partition = store.connection.execute("select tableoid::regclass::text as name from sample").fetchone()
    assert partition == {"name": f"sample_{far:%Y%m%d}"}


def test_the_newest_value_stays_the_newest_when_samples_come_late(store: Store) -> None:
    labels = {"host": "a"}
    samples.record(store, [Sample("m", labels, 2, NOW, "x"), Sample("m", labels, 1, NOW - timedelta(minutes=1), "x")])
    samples.record(store, [Sample("m", labels, 0, NOW - timedelta(minutes=2), "x")])
    assert [row["value"] for row in samples.newest(store, "m", labels)] == [2]


def test_labels_of_any_length_and_kind_are_one_series(store: Store) -> None:
    hostile = {"name": "x" * 10_000 + "\0\ud800\u202e", "quote": "'\"; drop table series; --"}
    samples.record(store, [Sample("m", hostile, 1, NOW, "x"), Sample("m", hostile, 2, NOW + timedelta(seconds=1), "x")])
    assert [row["value"] for row in samples.newest(store, "m", {})] == [2]


def test_one_fingerprint_has_one_open_alert_because_the_database_says_so(store: Store) -> None:
    insert = (
        "insert into alert (fingerprint, duty, rule, labels, severity, state, reason, summary, opened_at, evaluated_at, changed_at)"
        " values ('f', 'd', 'r', '{}', 'info', 'firing', 'opened', 's', now(), now(), now())"
    )
    store.connection.execute(insert)
    with pytest.raises(psycopg.errors.UniqueViolation, match="alert_one_open"):
        store.connection.execute(insert)


def test_a_store_opened_twice_sees_its_own_schema(store_dsn: str) -> None:
    opened = connect(store_dsn, "a name with 'quotes' that is much longer than PostgreSQL allows an application to have")
    assert opened.connection.execute("select current_schema() as name").fetchone() == {"name": "monitoring"}
    opened.connection.close()
