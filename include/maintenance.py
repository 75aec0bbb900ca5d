"""Keeping the store in shape."""

from __future__ import annotations

from datetime import datetime, timedelta

from psycopg import sql

from include.config.settings import Settings
from include.discovery import key_of
from include.model import Clock, Run, Stage
from include.reports import PAGES
from include.store import Store
from include.store.runs import Attempt, Counts, once

DAY = timedelta(days=1)


def maintain(store: Store, run: Run, settings: Settings, clock: Clock) -> Counts:
    """Make the partitions ahead and delete what is older than the configuration keeps. Returns counts.

    Each part commits for itself: partitions are locked against every collector while they come and go.
    """

    def attempt(attempt: Attempt) -> Counts:
        now, housekeeping = attempt.started_at, settings.monitoring.housekeeping
        made = store.value("samples.ensure_partitions", today=now.date(), ahead=housekeeping.partitions_ahead)
        oldest = now - housekeeping.keep_samples
        dropped = drop_partitions(store, oldest.date().isoformat())
        series = store.change("samples.forget_series", before=oldest)
        return attempt.finish({"partitions_made": made, "partitions_dropped": dropped, "series": series, **forget(store, settings, now)})

    return once(store, run, Stage.MAINTAIN, clock, attempt)


def forget(store: Store, settings: Settings, now: datetime) -> Counts:
    """Delete what is older than the configuration keeps, what refers before what is referred to; rows per table."""
    housekeeping, lists = settings.monitoring.housekeeping, [key_of(entry) for entry in settings.targets.discover]
    kept = {
        "reminders": housekeeping.keep_messages,
        "messages": housekeeping.keep_messages,
        "runs": housekeeping.keep_runs,
        "groups": housekeeping.keep_messages,
        "alerts": housekeeping.keep_alerts,
        "silences": housekeeping.keep_alerts,
        "hooks": DAY,
    }
    forgotten = {table: store.change(f"{table}.forget", before=now - age) for table, age in kept.items()}
    forgotten["reports"] = store.change("reports.forget", pages=PAGES, before=now - housekeeping.keep_reports)
    forgotten["pages"] = store.change("reports.forget_pages", pages=PAGES, before=now - housekeeping.keep_pages)
    forgotten["discovered"] = store.change("discovered.forget", before=now - housekeeping.keep_samples, entries=lists)
    return forgotten


def drop_partitions(store: Store, day: str) -> int:
    """Drop the daily partitions before a day; how many."""
    store.change("samples.forget_stray", day=day)
    names = [row["name"] for row in store.many("samples.partitions_before", day=day)]
    for name in names:
        store.connection.execute(sql.SQL("drop table {}").format(sql.Identifier("monitoring", name)))
    return len(names)
