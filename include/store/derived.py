"""Samples that are made of samples: trends and shares over a while, stored like any other so that limits can be judged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from include.metrics import Metric
from include.store import Store, samples

OF_SYSTEMS = {
    "disk_full_in": Metric(
        "s",
        "Until a file system is full, at the slower pace of the last six hours and the last one; ten years where it does not fill",
        ("mount",),
    )
}
OF_DATABASES = {
    "table_rows_drop": Metric("percent", "Share of its most rows of the last day that a table has lost", ("table",)),
    "database_replicas_lost": Metric("count", "How many replicas fewer are connected than were at most within the last day"),
    "database_deadlocks_rate": Metric("deadlocks/h", "How many deadlocks there were within the last hour"),
}
# By duty: the queries of derived.sql, each of which lets its samples arrive.
DERIVED: dict[str, Sequence[str]] = {
    "system_health": ("derived.disk_full_in",),
    "database_health": (
        "derived.table_rows_drop",
        "derived.database_deadlocks_rate",
        "derived.database_replicas_lost",
        "derived.lag_unanswered",
    ),
}


def derive(store: Store, duty: str, now: datetime) -> None:
    """Store what a duty derives of its samples, within the caller's transaction."""
    if duty in DERIVED:
        samples.make_room(store)
        for name in DERIVED[duty]:
            store.change(name, now=now)
        samples.settle(store)
