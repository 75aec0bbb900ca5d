"""Keeping the store in shape."""

from __future__ import annotations

from psycopg import sql

from include.config.settings import Housekeeping
from include.model import Clock, Run, Stage
from include.store import Store
from include.store.runs import Attempt, Counts, once


def maintain(store: Store, run: Run, settings: Housekeeping, clock: Clock) -> Counts:
    """Make the partitions ahead and delete what is older than the configuration keeps. Returns counts."""

    def attempt(attempt: Attempt) -> Counts:
        with store.transaction():
            now = attempt.started_at
            made = store.value("samples.ensure_partitions", today=now.date(), ahead=settings.partitions_ahead)
            dropped = drop_partitions(store, (now - settings.keep_samples).date().isoformat())
            messages = store.change("messages.forget", before=now - settings.keep_messages)
            reports = store.change("reports.forget", before=now - settings.keep_reports)
            runs = store.change("runs.forget", before=now - settings.keep_runs)
            return attempt.finish(
                {"partitions_made": made, "partitions_dropped": dropped, "messages": messages, "reports": reports, "runs": runs}
            )

    return once(store, run, Stage.MAINTAIN, clock, attempt)


def drop_partitions(store: Store, day: str) -> int:
    """Drop the daily partitions before a day; how many."""
    names = [row["name"] for row in store.many("samples.partitions_before", day=day)]
    for name in names:
        store.connection.execute(sql.SQL("drop table {}").format(sql.Identifier("monitoring", name)))
    return len(names)
