"""An application's own numbers from its database: SecureNet's as shipped, and a file of the user's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from include.failures import SourceError
from include.sources.application_metrics import METRICS
from include.sources.application_sql import MOST_ROWS, ApplicationSql
from tests.sources.seen import LABELS, names, note, read, value


@pytest.fixture
def people(watched_dsn: str) -> str:
    """Two organisations; north has four accounts."""
    with psycopg.connect(watched_dsn, autocommit=True) as watched:
        watched.execute("set session_replication_role = replica")
        for slug in ("north", "south"):
            insert(watched, "organizations", id=identity(slug), name=slug, slug=slug)
        for name, login, session, active in (
            ("ann", "1 minute", "1 hour", True),
            ("bob", "2 hours", "5 minutes", True),  # logged in long ago, but does something
            ("cyd", "2 days", "-1 hour", True),  # neither: the session is over
            ("eve", "1 minute", "1 hour", False),  # switched off
        ):
            account = {"id": identity(name), "organization_id": identity("north"), "username": name, "email": f"{name}@example.com"}
            insert(watched, "users", **account, is_active=active)
            watched.execute(
                "update users set last_login = now() - %s::interval, session_expires_at = now() + %s::interval where username = %s",
                (login, session, name),
            )
        for number, (name, age, success) in enumerate(
            (("bob", "1 minute", True), ("bob", "2 minutes", True), ("cyd", "2 minutes", False), ("cyd", "20 minutes", True))
        ):
            row = {"id": identity(str(number)), "organization_id": identity("north"), "user_id": identity(name), "success": success}
            insert(watched, "audit_logs", **row)
            watched.execute("update audit_logs set timestamp = now() - %s::interval where id = %s", (age, row["id"]))
    return watched_dsn


def identity(name: str) -> str:
    """An id for a name."""
    return f"00000000-0000-0000-0000-{name.encode().hex():0>12}"


def insert(watched: psycopg.Connection[tuple[object, ...]], table: str, **given: object) -> None:
    """A row in which whatever must be there and is not given is something."""
    columns = watched.execute(
        "select column_name, data_type, udt_name from information_schema.columns"
        " where table_name = %s and is_nullable = 'NO' and column_default is null",
        (table,),
    ).fetchall()
    row = {str(name): given.get(str(name), anything(watched, str(kind), str(udt))) for name, kind, udt in columns} | given
    watched.execute(f"insert into {table} ({', '.join(row)}) values ({', '.join(['%s'] * len(row))})", list(row.values()))


def anything(watched: psycopg.Connection[tuple[object, ...]], kind: str, udt: str) -> object:
    """A value of that type."""
    if kind == "USER-DEFINED":
        found = watched.execute(
            "select enumlabel from pg_enum where enumtypid = %s::regtype order by enumsortorder limit 1", (udt,)
        ).fetchone()
        return found and found[0]
    return {"boolean": True, "integer": 1, "timestamp with time zone": "2026-01-01", "uuid": identity("x"), "jsonb": "{}"}.get(kind, "x")


def test_securenet_says_who_is_active_has_a_session_and_calls(people: str) -> None:
    found = read(ApplicationSql(LABELS, people))
    north = {one.metric: one.value for one in found if one.labels.get("organization") == "north"}
    assert north == {
        "active_users": 2,  # ann logged in, bob does something; what cyd tried failed, eve is switched off
        "sessions": 2,
        "api_calls": 3,
        "failed_calls": 1,
    }
    assert {one.value for one in found if one.labels.get("organization") == "south"} == {0}
    assert {one.labels["query"]: one.value for one in found if one.metric == "query_up"} == dict.fromkeys(north, 1)
    assert names(found) <= set(METRICS)


def test_every_minute_only_what_an_index_answers_is_asked(people: str) -> None:
    assert names(read(ApplicationSql(LABELS, people), cheap=True)) == {"api_calls", "failed_calls", "query_up"}


def test_a_securenet_without_an_organisation_has_no_numbers_and_no_failure(watched_dsn: str) -> None:
    found = read(ApplicationSql(LABELS, watched_dsn))
    assert {one.metric for one in found} == {"query_up"}
    assert all(one.value == 1 for one in found)


def own(dsn: str, file: Path, *blocks: str) -> ApplicationSql:
    """A file of one's own."""
    file.write_text("\n\n".join(blocks))
    return ApplicationSql(LABELS, dsn, file, longest=timedelta(seconds=1))


def block(name: str, sql: str, head: str = "") -> str:
    """One query."""
    return f"-- name: {name}\n-- Something.\n{head}{sql}"


GOOD = block("good", "select 1 as value;", "-- unit: mails\n-- labels: queue\n")


def test_columns_are_labels_and_the_head_says_unit_and_meaning(dsn: str, tmp_path: Path) -> None:
    gauge = own(
        dsn,
        tmp_path / "own.sql",
        GOOD,
        block("many", "select n as value, 'q' || n as queue, null as kind from generate_series(1, 2) n -- %"),
    )
    found = read(gauge)
    assert [(one.value, dict(one.labels)) for one in found if one.metric == "many"] == [
        (1, {"queue": "q1", "kind": ""}),
        (2, {"queue": "q2", "kind": ""}),
    ]
    assert (gauge.metrics["good"].unit, gauge.metrics["good"].meaning, gauge.metrics["good"].labels) == ("mails", "Something.", ("queue",))


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select 1 as number", "it has no column named value"),
        ("select 'x' as value", "its value is no number: x"),
        ("select * from nowhere", 'relation "nowhere" does not exist'),
        ("select 1 / 0 as value", "division by zero"),
        ("selec 1", "syntax error"),
        ("select pg_sleep(60)::text::float8 as value", "canceling statement due to statement timeout"),
        ("select nextval('numbers') as value", "cannot execute nextval() in a read-only transaction"),
        ("select count(*) as value from pg_authid", None),
    ],
)
def test_a_query_that_fails_says_why_and_the_others_are_asked_all_the_same(dsn: str, tmp_path: Path, sql: str, why: str | None) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create sequence numbers")
    found = read(own(dsn, tmp_path / "own.sql", block("bad", sql), GOOD))
    assert value(found, "good") == 1
    assert value(found, "query_up", query="good") == 1
    if why:
        assert value(found, "query_up", query="bad") == 0
        assert why in (note(found, "query_up", query="bad") or "")


def test_what_the_role_may_not_see_is_not_permitted(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table secrets ()")
        connection.execute("drop role if exists onlooker_of_tests")
        connection.execute("create role onlooker_of_tests login password 'x'")
    as_role = psycopg.conninfo.make_conninfo(dsn, user="onlooker_of_tests", password="x")
    try:
        found = read(own(as_role, tmp_path / "own.sql", block("bad", "select count(*) as value from secrets"), GOOD))
        assert note(found, "query_up", query="bad") == "not permitted: permission denied for table secrets"
        with pytest.raises(SourceError, match=r"^bad: not permitted: permission denied for table secrets$"):
            read(own(as_role, tmp_path / "alone.sql", block("bad", "select count(*) as value from secrets")))
    finally:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("drop role onlooker_of_tests")


def test_values_that_are_none_are_left_out_and_labels_are_made_harmless(dsn: str, tmp_path: Path) -> None:
    rows = "values (null::float8, 'a'), ('NaN', 'b'), ('Infinity', 'c'), (-1, 'd'), (1, repeat('x', 5000)), (2, E'a\\nb'), (3, E'a\\nb')"
    found = read(own(dsn, tmp_path / "own.sql", block("some", f"select v as value, l from ({rows}) r (v, l)")))
    assert [(one.value, len(one.labels["l"])) for one in found if one.metric == "some"] == [(-1, 1), (1, 200), (2, 3)]
    assert value(found, "query_up", query="some") == 1
    assert note(found, "query_up", query="some") == "3 of 6 rows are left out: no number, or labels that stand twice"


def test_labels_that_explode_fill_no_memory(dsn: str, tmp_path: Path) -> None:
    found = read(own(dsn, tmp_path / "own.sql", block("many", "select n as value, n as id from generate_series(1, 1000000) n")))
    assert len([one for one in found if one.metric == "many"]) == MOST_ROWS


def test_a_database_that_is_not_there_and_a_file_that_is_none_are_outcomes(dsn: str, tmp_path: Path) -> None:
    nowhere = psycopg.conninfo.make_conninfo(dsn, port=9)
    with pytest.raises(SourceError, match=r"(?i)connection"):
        read(own(nowhere, tmp_path / "own.sql", GOOD))
    with pytest.raises(SourceError, match="No such file"):
        read(ApplicationSql(LABELS, dsn, tmp_path / "gone.sql"))
    assert ApplicationSql(LABELS, dsn, tmp_path / "gone.sql").metrics == {}
    with pytest.raises(SourceError, match="it has no query"):
        read(own(dsn, tmp_path / "empty.sql", "select 1"))
    with pytest.raises(SourceError, match="stands twice or has no description"):
        read(own(dsn, tmp_path / "mute.sql", "-- name: x\nselect 1"))
    assert "password" not in repr(ApplicationSql(LABELS, dsn))


def test_a_query_that_takes_too_long_keeps_no_other_from_being_asked(watched_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "own.sql"
    slow = "-- name: slow{number}\n-- Takes too long.\nselect 1 as value from pg_sleep(60)\n"
    file.write_text(slow.format(number=1) + "-- name: quick\n-- Does not.\nselect 7 as value\n" + slow.format(number=2) * 1)
    found = read(ApplicationSql(LABELS, watched_dsn, file), within=timedelta(seconds=3))
    assert value(found, "quick") == 7
    assert value(found, "query_up", query="slow1") == 0
    assert note(found, "query_up", query="slow1") == "canceling statement due to statement timeout"
    assert value(found, "query_up", query="slow2") == 0


def test_a_file_that_was_corrected_is_read_again(watched_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "own.sql"
    gauge = ApplicationSql(LABELS, watched_dsn, file)
    for name, wanted in (("one", 1), ("other", 2)):
        file.write_text(f"-- name: {name}\n-- What it is.\nselect {wanted} as value\n")
        assert (list(gauge.metrics), value(read(gauge), name)) == ([name], wanted)


def test_values_that_would_fill_the_memory_are_not_read(watched_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "own.sql"
    file.write_text(
        "-- name: huge\n-- A label of megabytes.\n-- labels: text\n"
        "select repeat('x', 20000000) as text, 1 as value from generate_series(1, 100)\n"
        "-- name: small\n-- Another.\nselect 7 as value\n"
    )
    found = read(ApplicationSql(LABELS, watched_dsn, file))
    assert note(found, "query_up", query="huge") == "its rows are more than 16 MiB of text: not read"
    assert value(found, "small") == 7
