"""Metrics that are files of SQL: what a file says of itself, and what is refused, by the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.metric_files import metric_file, metric_files
from include.metrics import Metric

WAITS = """\
-- Who waits,
-- and for whom.
--
-- asked: every minute
-- needs: pg_monitor, pg_stat_statements
-- waits{state, user} in count: since the beginning
-- waited{state, user} in s: how long
-- waits_rate in 1/h = 3600 * waits per second: how often
-- wait in s = waited per waits: how long one takes

-- from 13: as it was
select 13

-- from 16: with a comment
-- that belongs to it
select 16;
"""


def written(folder: Path, text: str, name: str = "waits") -> Path:
    path = folder / f"{name}.sql"
    path.write_text(text)
    return path


def test_a_file_says_what_its_metrics_are(tmp_path: Path) -> None:
    file = metric_file(written(tmp_path, WAITS))
    assert (file.name, file.meaning, file.cheap) == ("waits", "Who waits, and for whom.", True)
    assert file.needs == ("pg_monitor", "pg_stat_statements")
    assert file.metrics == {
        "waits": Metric("count", "since the beginning", ("state", "user")),
        "waited": Metric("s", "how long", ("state", "user")),
        "waits_rate": Metric("1/h", "how often", ("state", "user"), "waits", 3600),
        "wait": Metric("s", "how long one takes", ("state", "user"), "waited", 1, "waits"),
    }


@pytest.mark.parametrize(
    ("version", "query"),
    [(12, None), (13, "select 13"), (15, "select 13"), (16, "-- that belongs to it\nselect 16"), (19, "-- that belongs to it\nselect 16")],
)
def test_the_newest_query_that_the_server_knows_is_asked(tmp_path: Path, version: int, query: str | None) -> None:
    assert metric_file(written(tmp_path, WAITS)).query(version) == query


def test_a_file_without_more_is_for_all_versions_and_not_cheap(tmp_path: Path) -> None:
    file = metric_file(written(tmp_path, "-- One.\n--\n-- one in count: one\n\nselect 1 as one\n"))
    assert (file.cheap, file.needs, file.query(13), file.query(18)) == (False, (), "select 1 as one", "select 1 as one")


REFUSED = {
    "no head": ("select 1", "waits.sql: does not begin with what it is"),
    "no metric": ("-- One.\n\nselect 1", "waits.sql: names no metric"),
    "no query": ("-- One.\n--\n-- one in count: one\n", "waits.sql: has a version without a query, or versions in no order"),
    "no unit": ("-- One.\n--\n-- one: one\nselect 1", "waits.sql: 'one: one' is no line of a head, or says again what stands above"),
    "no meaning": ("-- One.\n--\n-- one in s: \nselect 1", "waits.sql: 'one in s: ' is no line of a head, or says again what stands above"),
    "twice": (
        "-- One.\n--\n-- one in s: a\n-- one in s: b\nselect 1",
        "waits.sql: 'one in s: b' is no line of a head, or says again what stands above",
    ),
    "an unknown key": (
        "-- One.\n--\n-- asked: at noon\n-- one in s: a\nselect 1",
        "waits.sql: 'asked: at noon' is no line of a head, or says again what stands above",
    ),
    "asked twice": (
        "-- One.\n--\n-- asked: every minute\n-- asked: every minute\n-- one in s: a\nselect 1",
        "waits.sql: says twice when it is asked or what it needs",
    ),
    "needs twice": (
        "-- One.\n--\n-- needs: a\n-- needs: b\n-- one in s: a\nselect 1",
        "waits.sql: says twice when it is asked or what it needs",
    ),
    "a rate of nothing": (
        "-- One.\n--\n-- rate in 1/s = one per second: a\nselect 1",
        "waits.sql: rate grows with what is no counter above it, or not of the same labels",
    ),
    "a rate of a rate": (
        "-- One.\n--\n-- one in s: a\n-- rate in 1/s = one per second: a\n-- more in 1/s = rate per second: b\nselect 1",
        "waits.sql: more grows with what is no counter above it, or not of the same labels",
    ),
    "a ratio of different labels": (
        "-- One.\n--\n-- one in s: a\n-- two{x} in s: a\n-- more in s = one per two: b\nselect 1",
        "waits.sql: more grows with what is no counter above it, or not of the same labels",
    ),
    "versions in no order": (
        "-- One.\n--\n-- one in s: a\n\n-- from 16: a\nselect 1\n-- from 14: b\nselect 2",
        "waits.sql: has a version without a query, or versions in no order",
    ),
    "a version that is too old": (
        "-- One.\n--\n-- one in s: a\n\n-- from 9: a\nselect 1",
        "waits.sql: has a version without a query, or versions in no order",
    ),
    "a query of no version": (
        "-- One.\n--\n-- one in s: a\n\nselect 0\n-- from 14: b\nselect 2",
        "waits.sql: has a query before its first version",
    ),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_not_as_it_should_be_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match="sql") as refused:
        metric_file(written(tmp_path, text))
    assert str(refused.value) == said


def test_a_metric_stands_in_one_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        written(tmp_path, "-- One.\n--\n-- one in s: a\nselect 1", name)
    with pytest.raises(ValueError, match=r"b\.sql: one stands in a\.sql already"):
        metric_files(tmp_path)
