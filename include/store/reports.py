"""Reports as they were rendered, and up to where each audience was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from include.model import Composed, Rendered, Run
from include.store import Row, Store
from include.store.text import storable


@dataclass(frozen=True, slots=True)
class LastTold:
    """Up to which transition, and up to when, an audience was told; (0, None) for one that never was."""

    told_until: int
    period_end: datetime | None


def last_told(store: Store, run: Run, name: str, organization: str) -> LastTold:
    """Where this run's report for the audience begins, also when the run is repeated."""
    row = store.one("reports.last_told", duty=run.duty, run_id=run.run_id, name=name, organization=organization)
    return LastTold(row["told_until"], row["period_end"]) if row else LastTold(0, None)


def keep(store: Store, run: Run, composed: Composed, rendered: Rendered, now: datetime) -> int:
    """Store a report, in place of the one that this run stored before; its id."""
    told = last_told(store, run, composed.name, composed.audience)
    texts = {part: storable(getattr(rendered, part)) for part in ("title", "html", "plain", "csv")}
    row = store.value(
        "reports.keep",
        **texts,
        duty=run.duty,
        name=composed.name,
        organization=composed.audience,
        run_id=run.run_id,
        period_start=told.period_end,
        period_end=now,
        reason=composed.reason or "shown",
        told_until=composed.told_until,
        now=now,
    )
    return int(row)


def of_run(store: Store, run: Run) -> list[Row]:
    """The reports that a run stored, the newest first."""
    return store.many("reports.of_run", duty=run.duty, run_id=run.run_id)
