"""Samples of samples."""

from __future__ import annotations

from datetime import timedelta

from include.model import Sample
from include.store import Store, samples
from include.store.derived import derive
from tests.conftest import NOW

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
MEASURED = ("disk_free", "table_rows", "database_deadlocks")


def derived(store: Store, duty: str) -> dict[str, float]:
    """Metric and target -> value."""
    with store.transaction():
        derive(store, duty, NOW)
    rows = store.connection.execute(
        "select s.metric, s.labels ->> 'target' as target, l.value from series s join latest l on l.series_id = s.id where l.at = %s", [NOW]
    ).fetchall()
    return {f"{row['metric']} {row['target']}": row["value"] for row in rows if row["metric"] not in MEASURED}


def past(store: Store, metric: str, target: str, values: list[float], minutes: int) -> None:
    """Values so many minutes apart, the newest now."""
    begin = NOW - (len(values) - 1) * minutes * MINUTE
    found = [Sample(metric, {"target": target}, value, begin + n * minutes * MINUTE, "x") for n, value in enumerate(values)]
    samples.record(store, found)


def test_a_disk_that_fills_has_as_long_as_its_pace_leaves_it(store: Store) -> None:
    past(store, "disk_free", "fills", [3000 - 60 * n for n in range(20)], 5)
    past(store, "disk_free", "calm", [3000 + n % 2 for n in range(20)], 5)
    past(store, "disk_free", "new", [3000, 2000], 5)
    past(store, "disk_free", "filled once", [3000] * 50 + [1500] * 15, 5)
    past(store, "disk_free", "fills more slowly", [5000 - 120 * n for n in range(20)] + [2600 - 60 * n for n in range(15)], 5)
    found = derived(store, "system_health")
    # 60 bytes in 5 minutes are 0.2 a second; 1,860 are left
    assert round(found.pop("disk_full_in fills")) == 1860 / 0.2
    # the same pace within the last hour, and 2,600 - 60 * 14 are left
    assert round(found.pop("disk_full_in fills more slowly")) == 1760 / 0.2
    assert found == {"disk_full_in calm": 315360000, "disk_full_in filled once": 315360000}


def test_a_table_has_lost_what_it_had_within_the_day(store: Store) -> None:
    past(store, "table_rows", "emptied", [1000, 1000, 100], 60)
    past(store, "table_rows", "grows", [10, 20], 60)
    past(store, "table_rows", "always empty", [0, 0], 60)
    assert derived(store, "database_health") == {"table_rows_drop emptied": 90, "table_rows_drop grows": 0}


def test_the_deadlocks_of_an_hour_count_whenever_in_it_they_were(store: Store) -> None:
    # 1 before the hour, 3 early in it, 2 after the counter had started anew; the newest values say nothing
    past(store, "database_deadlocks", "many", [0, 1, 1, 4, 0, 2, 2], 12)
    past(store, "database_deadlocks", "calm", [7, 7], 5)
    past(store, "database_deadlocks", "new", [7], 5)
    assert derived(store, "database_health") == {
        "database_deadlocks_rate many": 3 + 2,
        "database_deadlocks_rate calm": 0,
        "database_deadlocks_rate new": 0,
    }
