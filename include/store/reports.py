"""Reports as they were rendered, and up to where each receiver was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from include.audience import Audience, Told
from include.model import Run
from include.report import Composed, Rendered
from include.store import Row, Store, alerts
from include.store.text import storable


def told_before(store: Store, run: Run, name: str, audience: Audience) -> dict[Told, list[str]]:
    """What the receivers of an audience knew before this run, also when the run is repeated: those who knew the same together."""
    groups: dict[Told, list[str]] = {}
    for receiver in audience.receivers:
        store.many("reports.hold_pending", receiver=receiver, group_key=group_key(run, name, audience))
        row = store.one("reports.last_told", duty=run.duty, run_id=run.run_id, name=name, audience=audience.name, receiver=receiver)
        told = Told(row["told_until"], row["period_end"]) if row else Told()
        groups.setdefault(told, []).append(receiver)
    return groups


def newest_told(store: Store, run: Run, name: str) -> int:
    """Up to which transition the newest report of another run tells; 0 where there is none."""
    told: int | None = store.value("reports.newest_told", duty=run.duty, name=name, run_id=run.run_id)
    return told or 0


@dataclass(frozen=True, slots=True)
class Behind:
    """What has changed in a duty's alerts behind its last report: rows of `alerts.changes_since`, between these transitions' ids."""

    told: int
    changes: Sequence[Row]

    @property
    def until(self) -> int:
        """Up to which transition the next report tells."""
        return max((row["id"] for row in self.changes), default=self.told)

    @classmethod
    def of(cls, store: Store, run: Run, name: str) -> Behind:
        """As seen from a run."""
        told = newest_told(store, run, name)
        return cls(told, alerts.changes_since(store, run.duty, told))


def group_key(run: Run, name: str, audience: Audience) -> str:
    """The queue in which a report's mails leave one after the other."""
    return f"report/{run.duty}/{name}/{audience.name}"


def keep(store: Store, run: Run, composed: Composed, rendered: Rendered, now: datetime) -> int:
    """Store a report, in place of the one that this run stored before unless that has left; its id."""
    texts = {part: storable(getattr(rendered, part)) for part in ("title", "html", "plain", "csv")}
    row = store.value(
        "reports.keep",
        **texts,
        duty=run.duty,
        name=composed.name,
        audience=composed.audience.name,
        zone=composed.audience.zone.key,
        run_id=run.run_id,
        period_start=composed.told.at,
        period_end=composed.at,
        reason=composed.reason or "shown",
        told_from=composed.told.until,
        told_until=composed.told_until,
        now=now,
    )
    return int(row)
