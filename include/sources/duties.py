"""The duties and watchers themselves: does one not run that should? Asked of the ledger of runs, of leases, and of Airflow about pauses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.model import Sample
from include.source_state import PATIENCE
from include.store import Row, Store
from include.store.samples import newest
from include.writing.wording import counted, shown, span

WATCHER_PATIENCE = timedelta(seconds=60)
PAUSED = "is paused"


@dataclass(frozen=True, slots=True)
class Duties:
    """`intervals`: how often each duty should run; `watching`: those with a watcher; `paused`: whether Airflow holds one back now.

    Whoever is paused is nobody's alarm. Who was never heard of is expected since it was first seen not to be paused.
    """

    intervals: Mapping[str, timedelta]
    watching: Sequence[str]
    paused: Callable[[str], bool]
    name: str = "duties"

    def read(self, store: Store, at: datetime, organization: str | None, within: timedelta) -> Sequence[Sample]:
        """`duty_overdue` and `watcher_overdue`: for how many seconds each is overdue; 0 when it is not, or is paused."""
        since = self.expected(store, at)
        ran = {row["duty"]: row for row in store.many("runs.standing", duties=list(self.intervals))}
        heard = {row["watcher"]: row["beaten_at"] for row in store.many("leases.beats")}
        duties = [duty_sample(duty, interval, since.get(duty), ran[duty], at) for duty, interval in self.intervals.items()]
        watchers = [watcher_sample(watcher, since.get(watcher), heard.get(watcher), at) for watcher in self.watching]
        return [*duties, *watchers, *no_longer(store, "duty", self.intervals, at), *no_longer(store, "watcher", self.watching, at)]

    def expected(self, store: Store, at: datetime) -> dict[str, datetime]:
        """Since when each duty is expected; those that are paused are not."""
        awake = [duty for duty in self.names if not self.paused(duty)]
        return {row["duty"]: row["since"] for row in store.many("runs.expect", duties=awake, now=at)}

    @property
    def names(self) -> Iterable[str]:
        """Every duty that anything is expected of."""
        return dict.fromkeys((*self.intervals, *self.watching))


def no_longer(store: Store, kind: str, names: Collection[str], at: datetime) -> Iterator[Sample]:
    """Of duties or watchers that were overdue and of which nothing is expected any more, as after their last target has gone."""
    for row in newest(store, f"{kind}_overdue", {}):
        if row["value"] > 0 and row["labels"][kind] not in names:
            yield overdue(kind, row["labels"][kind], at, timedelta(0), "is not expected any more")


def duty_sample(duty: str, interval: timedelta, since: datetime | None, ran: Row, at: datetime) -> Sample:
    """How overdue a duty is. `ran`: how it stands by the ledger."""
    if since is None:
        return overdue("duty", duty, at, timedelta(0), PAUSED)
    late = at - max(since, ran["through_at"] or since) - PATIENCE * interval
    return overdue("duty", duty, at, late, absence(ran, since, at) if late > timedelta(0) else None)


def absence(ran: Row, since: datetime, at: datetime) -> str:
    """How a duty is absent: its runs fail, or there are none."""
    last = span(at - (ran["through_at"] or since))
    if ran["failed"]:
        return f"failed in its last {counted(ran['failed'], 'run')}, none came through for {last}: {shown(ran['error'], 200)}"
    return f"has not run for {last}" if ran["through_at"] else f"has never run, and should have for {last}"


def watcher_sample(watcher: str, since: datetime | None, heard_at: datetime | None, at: datetime) -> Sample:
    """For how long nobody has heard of a watcher that should be there."""
    if since is None:
        return overdue("watcher", watcher, at, timedelta(0), PAUSED)
    silent = at - max(since, heard_at or since)
    words = f"is not heard of for {span(silent)}" if heard_at else "is not heard of at all"
    return overdue("watcher", watcher, at, silent - WATCHER_PATIENCE, words if silent > WATCHER_PATIENCE else None)


def overdue(kind: str, name: str, at: datetime, late: timedelta, note: str | None) -> Sample:
    """The sample of a duty or a watcher."""
    return Sample(f"{kind}_overdue", {kind: name}, max(late.total_seconds(), 0), at, "s", note)
