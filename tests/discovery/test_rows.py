"""Rows of a real database: its types, its limits, its failures."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from include.discovery import MOST, rows
from include.failures import SourceError
from tests.discovery.lists import SECOND


def test_a_row_is_what_json_makes_of_it(watched_dsn: str) -> None:
    query = "select 'a' as name, array[1, 2] as ports, true as ping, null as rack, 1.5::numeric as load, interval '30s' as interval; "
    (said,) = rows.read(watched_dsn, query, SECOND).said
    assert said.place == "row 1"
    assert said.says == {"name": "a", "ports": [1, 2], "ping": True, "rack": None, "load": 1.5, "interval": "00:00:30"}


def test_a_query_may_have_percent_signs_braces_and_a_comment_at_its_end(watched_dsn: str) -> None:
    query = "select n as name from (values ('a{b}'), ('c')) as v (n) where n like 'a%' -- nothing else"
    assert [one.says for one in rows.read(watched_dsn, query, SECOND).said] == [{"name": "a{b}"}]


def test_no_more_rows_are_fetched_than_are_watched(watched_dsn: str) -> None:
    said = rows.read(watched_dsn, "select 'n' || n as name from generate_series(1, 1000000) n", timedelta(seconds=10)).said
    assert len(said) == MOST + 1


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("select name from nowhere", 'relation "nowhere" does not exist'),
        ("select 1 as name from pg_sleep(60)", "canceling statement due to statement timeout"),
        ("with made as (delete from users returning 1) select 1 as name", "WITH clause containing a data-modifying statement"),
        ("select name, from users", 'syntax error at or near "from"'),
    ],
)
def test_a_query_that_fails_says_why(watched_dsn: str, query: str, why: str) -> None:
    with pytest.raises(SourceError, match=why):
        rows.read(watched_dsn, query, 2 * SECOND)


def test_it_cannot_write(watched_dsn: str) -> None:
    with psycopg.connect(watched_dsn, autocommit=True) as watched:
        watched.execute("create sequence counted")
    with pytest.raises(SourceError, match=r"cannot execute nextval\(\) in a read-only transaction"):
        rows.read(watched_dsn, "select nextval('counted')::text as name", SECOND)


def test_a_database_that_is_gone_is_named() -> None:
    with pytest.raises(SourceError, match="refused"):
        rows.read("host=127.0.0.1 port=9 user=u password=word dbname=d", "select 1", SECOND)
