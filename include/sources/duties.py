"""The duties themselves: is one overdue? Asked of the ledger of runs, and of Airflow about which of them are paused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.model import Sample
from include.store import Store

INTERVALS = 2


@dataclass(frozen=True, slots=True)
class Duties:
    """`intervals`: how often each duty should run; `paused`: whether Airflow holds it back at the moment."""

    intervals: Mapping[str, timedelta]
    paused: Callable[[str], bool]
    name: str = "duties"

    def read(self, store: Store, at: datetime, organization: str | None) -> Sequence[Sample]:
        """`duty_overdue`: by how many seconds a duty is later than two of its intervals; 0 when it is not, or is paused."""
        ran = {row["duty"]: row["finished_at"] for row in store.many("runs.newest_of_each")}
        return [self.sample(duty, interval, ran[duty], at) for duty, interval in self.intervals.items() if duty in ran]

    def sample(self, duty: str, interval: timedelta, ran: datetime, at: datetime) -> Sample:
        """How overdue one duty is."""
        late = (at - ran - INTERVALS * interval).total_seconds()
        paused = self.paused(duty)
        note = "is paused" if paused else f"has not run since {ran:%Y-%m-%d %H:%M} UTC" if late > 0 else None
        return Sample("duty_overdue", {"duty": duty}, 0 if paused else max(late, 0), at, "s", note)
