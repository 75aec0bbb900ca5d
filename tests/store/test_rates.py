"""How fast counters grow, from two looks at them."""

from __future__ import annotations

import pytest

from include.model import Sample
from include.store import Store, samples
from tests.conftest import NOW
from tests.store.test_derived import SECOND

RATES = [
    {"metric": "rate", "counter": "done", "per": None, "unit": "1/s", "scale": 1},
    {"metric": "mean", "counter": "spent", "per": "done", "unit": "s", "scale": 1},
]


def look(store: Store, seconds: float, **counters: float) -> dict[str, float]:
    """Counters as they are read so long after the start; the rates that come of it."""
    at = NOW + seconds * SECOND
    with store.transaction():
        samples.arrive(store, [Sample(name, {"target": "a"}, value, at, "x") for name, value in counters.items()])
        samples.rates(store, RATES)
        samples.settle(store)
    rows = store.connection.execute(
        "select metric, value from latest where metric in ('rate', 'mean') and at = %(at)s order by 1 desc", {"at": at}
    ).fetchall()
    return {row["metric"]: row["value"] for row in rows}


def test_a_counter_grows_per_second_and_another_by_what_the_first_grew(store: Store) -> None:
    assert look(store, 0, done=100, spent=7) == {}
    assert look(store, 60, done=220, spent=13) == {"rate": 2, "mean": 0.05}
    assert look(store, 120, done=220, spent=13) == {"rate": 0}, "of nothing there is no mean"


@pytest.mark.parametrize(("seconds", "done"), [(60, 99), (0, 200), (-60, 50), (3601, 200)], ids=["anew", "same", "past", "long ago"])
def test_there_is_no_rate_after_a_new_start_nor_of_what_is_no_stretch_of_time(store: Store, seconds: float, done: float) -> None:
    look(store, 0, done=100)
    assert look(store, seconds, done=done) == {}


def test_what_was_read_a_moment_ago_by_somebody_else_is_compared_with_what_was_before(store: Store) -> None:
    """Else the rate would be that of the moment, in which the reading itself is most of what happens."""
    look(store, 0, done=0)
    assert look(store, 60, done=60) == {"rate": 1}
    assert look(store, 61, done=160) == {"rate": 160 / 61}
    assert look(store, 120, done=180) == {"rate": 20 / 59}


def test_where_there_is_nothing_before_it_a_moment_has_to_do(store: Store) -> None:
    look(store, 0, done=0)
    assert look(store, 1, done=5) == {"rate": 5}
