"""What follows from the samples of HTTP targets: time that was watched and failed, and what that says of minutes, hours and days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from include.model import Sample
from include.probes.http_metrics import METRICS
from include.store import Store, samples
from include.targets.availability import derive
from tests.conftest import NOW

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LABELS = {"target": "api", "environment": "prod"}


def probes(up: bool, begin: datetime, every: timedelta, times: int, seconds: float = 0.1, labels: dict[str, str] = LABELS) -> list[Sample]:
    """So many probes with this outcome."""
    found = []
    for moment in (begin + number * every for number in range(times)):
        found.append(Sample("api_up", labels, float(up), moment, "bool"))
        found.append(Sample("api_response_time", {**labels, "phase": "total"}, seconds, moment, "s"))
    return found


def newest(store: Store) -> dict[str, float]:
    """Metric, and pair if there is one -> the newest value, of what was derived."""
    rows = store.connection.execute(
        "select s.metric, s.labels ->> 'pair' as pair, s.unit, l.value from series s join latest l on l.series_id = s.id"
    )
    derived = [row for row in rows if row["metric"] not in ("api_up", "api_response_time")]
    assert all(METRICS[row["metric"]].unit == row["unit"] for row in derived)
    return {" ".join(filter(None, (row["metric"], row["pair"]))): row["value"] for row in derived}


def stored(store: Store, found: Sequence[Sample], now: datetime = NOW, **objectives: float) -> dict[str, float]:
    """What follows from these probes."""
    samples.record(store, found)
    derive(store, now, objectives)
    return newest(store)


def test_a_minute_of_failure_is_a_minute_however_often_it_was_tried(store: Store) -> None:
    """Up each half minute; down from 09:58 to 09:59, tried each second."""
    up, down = probes(True, NOW - 5 * MINUTE, MINUTE / 2, 6), probes(False, NOW - 2 * MINUTE, SECOND, 60)
    found = stored(store, [*up, *down, *probes(True, NOW - MINUTE, MINUTE / 2, 3)])
    # the first count has nothing before it: shares come with the second
    assert found["api_watched_seconds_total"] == 300
    assert found["api_failed_seconds_total"] == 60
    assert "availability" not in found


def minutes(store: Store, number: int, outage: range, labels: dict[str, str] = LABELS, **objectives: float) -> dict[str, float]:
    """So many minutes, each with its probe and its count; down in some of them."""
    begin = NOW - number * MINUTE
    for minute in range(number + 1):
        moment = begin + minute * MINUTE
        samples.record(store, probes(minute not in outage, moment, MINUTE, 1, labels=labels))
        derive(store, moment, objectives)
    return newest(store)


def test_both_windows_of_a_pair_must_burn(store: Store) -> None:
    found = minutes(store, 70, range(60, 69))
    # 4 of the last 5 minutes, 9 of the last 60; what is watched for 70 minutes has no more failures in 6 hours or 3 days
    assert found["api_error_rate"] == pytest.approx(80)
    assert found["error_budget_burn fast"] == pytest.approx(9 / 60 / 0.001)
    assert found["error_budget_burn slow"] == pytest.approx(9 / 360 / 0.001)
    assert found["error_budget_burn ticket"] == pytest.approx(9 / 4320 / 0.001)
    assert found["availability"] == pytest.approx(100 - 100 * 9 / 70)


def test_what_is_over_no_longer_burns_fast(store: Store) -> None:
    found = minutes(store, 30, range(10, 20))
    assert found["error_budget_burn fast"] == 0
    assert found["error_budget_burn slow"] == pytest.approx(10 / 360 / 0.001)


def test_an_objective_of_ones_own(store: Store) -> None:
    found = minutes(store, 10, range(7, 9), api=99.0)
    assert found["error_budget_burn fast"] == pytest.approx(2 / 60 / 0.01)


def test_maintenance_does_not_count(store: Store) -> None:
    """Down from minute 5 to 15, under maintenance from 4 to 12; a window for others, and a silence, change nothing."""
    begin = NOW - 20 * MINUTE
    for maintenance, target, since, until in [(True, "api", 4, 12), (True, "api", 6, 8), (True, "other", 0, 30), (False, "api", 0, 30)]:
        added = {"starts_at": begin + since * MINUTE, "ends_at": begin + until * MINUTE, "recurrence": None, "lasts": None, "zone": "UTC"}
        matchers = f'{{"target": "{target}"}}'
        store.value("silences.add", maintenance=maintenance, matchers=matchers, owner="ann", reason="a move", now=begin, by="ann", **added)
    found = minutes(store, 20, range(5, 15))
    assert (found["api_watched_seconds_total"], found["api_failed_seconds_total"]) == (12 * 60, 3 * 60)


def test_of_a_gap_only_five_minutes_are_known(store: Store) -> None:
    stored(store, probes(True, NOW, MINUTE, 1))
    found = stored(store, probes(True, NOW + 60 * MINUTE, MINUTE, 1), NOW + 60 * MINUTE)
    assert found["api_watched_seconds_total"] == 300


def test_nothing_is_counted_twice(store: Store) -> None:
    first = minutes(store, 10, range(3, 5))
    before = store.value("samples.newest", metric="api_up", labels="{}")
    assert derive(store, NOW + MINUTE, {}) == 0
    assert (newest(store), store.value("samples.newest", metric="api_up", labels="{}")) == (first, before)


@pytest.mark.parametrize(
    ("seconds", "score"),
    [([0.1, 0.2], 1), ([0.1, 0.5], 0.75), ([0.8, 0.81], 0.25), ([3, 4], 0)],
    ids=["satisfied", "mixed", "tolerated", "frustrated"],
)
def test_apdex_and_mean(seconds: list[float], score: float, store: Store) -> None:
    found = stored(store, [one for n, each in enumerate(seconds) for one in probes(True, NOW - n * MINUTE, MINUTE, 1, each)])
    assert found["apdex"] == pytest.approx(score)
    assert found["api_response_time_mean"] == pytest.approx(sum(seconds) / 2)


def test_failures_lower_the_apdex_by_their_share_of_the_time_and_the_mean_not_at_all(store: Store) -> None:
    begin = NOW - 10 * MINUTE
    stored(store, probes(True, begin, MINUTE, 6), begin + 5 * MINUTE)
    found = stored(store, [*probes(False, begin + 6 * MINUTE, SECOND, 60, 9.0), *probes(True, begin + 7 * MINUTE, MINUTE, 4)])
    assert found["api_error_rate"] == pytest.approx(20)
    assert found["apdex"] == pytest.approx(0.8)
    assert found["api_response_time_mean"] == pytest.approx(0.1)


def test_targets_are_told_apart(store: Store) -> None:
    other = {"target": "other", "environment": "prod"}
    samples.record(store, probes(False, NOW - 2 * MINUTE, MINUTE, 3, labels=other))
    found = minutes(store, 2, range(0))
    assert found["api_failed_seconds_total"] in (0, 120)
    rows = samples.newest(store, "api_failed_seconds_total", {})
    assert {row["labels"]["target"]: row["value"] for row in rows} == {"api": 0, "other": 120}
