"""Keeping the store in shape."""

from __future__ import annotations

from datetime import datetime, timedelta

from psycopg import sql

from include.config.settings import Housekeeping
from include.model import Clock, Run, Stage
from include.reports import PAGES
from include.store import Store
from include.store.runs import Attempt, Counts, once

DAY = timedelta(days=1)


def maintain(store: Store, run: Run, settings: Housekeeping, clock: Clock) -> Counts:
    """Make the partitions ahead and delete what is older than the configuration keeps. Returns counts.

    Each part commits for itself: partitions are locked against every collector while they come and go.
    """

    def attempt(attempt: Attempt) -> Counts:
        now = attempt.started_at
        made = store.value("samples.ensure_partitions", today=now.date(), ahead=settings.partitions_ahead)
        oldest = now - settings.keep_samples
        dropped = drop_partitions(store, oldest.date().isoformat())
        series = store.change("samples.forget_series", before=oldest)
        return attempt.finish({"partitions_made": made, "partitions_dropped": dropped, "series": series, **forget(store, settings, now)})

    return once(store, run, Stage.MAINTAIN, clock, attempt)


def forget(store: Store, settings: Housekeeping, now: datetime) -> Counts:
    """Delete what is older than the configuration keeps, what refers before what is referred to; rows per table."""
    kept = {
        "reminders": settings.keep_messages,
        "messages": settings.keep_messages,
        "runs": settings.keep_runs,
        "groups": settings.keep_messages,
        "alerts": settings.keep_alerts,
        "silences": settings.keep_alerts,
        "hooks": DAY,
    }
    forgotten = {table: store.change(f"{table}.forget", before=now - age) for table, age in kept.items()}
    forgotten["reports"] = store.change("reports.forget", pages=PAGES, before=now - settings.keep_reports)
    forgotten["pages"] = store.change("reports.forget_pages", pages=PAGES, before=now - settings.keep_pages)
    return forgotten


def drop_partitions(store: Store, day: str) -> int:
    """Drop the daily partitions before a day; how many."""
    store.change("samples.forget_stray", day=day)
    names = [row["name"] for row in store.many("samples.partitions_before", day=day)]
    for name in names:
        store.connection.execute(sql.SQL("drop table {}").format(sql.Identifier("monitoring", name)))
    return len(names)
