"""Prometheus' text format as it comes, and as it should not."""

from __future__ import annotations

import math

import pytest

from include.failures import SourceError
from include.scraping import prometheus_text
from include.scraping.prometheus_text import Exposition, Series


@pytest.mark.parametrize(
    ("line", "series"),
    [
        ("up 1", Series("up", {}, 1)),
        ("up\t1.5e3", Series("up", {}, 1500)),
        ("up{} 1 1395066363000", Series("up", {}, 1)),
        ('up{a="b", c = "d",} -1', Series("up", {"a": "b", "c": "d"}, -1)),
        (r'up{a="say \"no\" to C:\\n\n} 7"} .5', Series("up", {"a": 'say "no" to C:\\n\n} 7'}, 0.5)),
        ("up +Inf", Series("up", {}, math.inf)),
        ('up_bucket{le="+Inf"} 3 # {trace_id="x"} 0.67 1.2', Series("up_bucket", {"le": "+Inf"}, 3)),
        ("job:up:sum 2", Series("job:up:sum", {}, 2)),
    ],
)
def test_a_line_is_read(line: str, series: Series) -> None:
    assert list(Exposition([line])) == [series]


@pytest.mark.parametrize(
    "line",
    [
        "up",
        "up one",
        "up{a=b} 1",
        'up{a="b} 1',
        'up{a="b"',
        "{} 1",
        "<html>",
        "9up 1",
        "up 1 2 3",
        "up 0x10",
        "up 1_000",
        'up{a="b"c="d"} 1',
    ],
)
def test_junk_is_counted_and_the_first_shown(line: str) -> None:
    page = Exposition([line, "ok 1", "also junk"])
    assert list(page) == [Series("ok", {}, 1)]
    assert (page.outcome().value, page.outcome().note) == (2, f"the first: {line}")


def test_comments_blanks_and_what_is_not_wanted_are_no_junk() -> None:
    page = Exposition(["# HELP up x", "", "  ", "other{broken 1", "up NaN", "# EOF"], {"up"})
    (series,) = page
    assert math.isnan(series.value)
    assert page.outcome().value == 0


def test_a_page_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus_text, "MOST_LINES", 3)
    with pytest.raises(SourceError, match="more than 3 lines came"):
        list(Exposition(["up 1"] * 4))
