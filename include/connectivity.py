"""The watcher of databases: what probes see becomes samples, alerts and messages in one transaction, and what is critical leaves."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest

from include.evaluating import Evaluating, Judged
from include.model import Clock, Reason, Run, Sample
from include.outage import Memory, Outage, record, settle
from include.probes import Observation
from include.probes.database import DatabaseProbe
from include.probing import Probing
from include.rules import database_up
from include.store import Store, samples
from include.store.alerts import by_reason
from include.store.leases import Lease
from include.store.runs import Counts
from include.watching import Look, Watch

DUTY = "database_connectivity"
# While the store is away so much is kept for it.
MOST_BUFFERED = 10_000


@dataclass
class Connectivity(Watch):
    """Judges what the probes see. `deliver` sends what is due; `remember` is what can be told without the store."""

    store: Store
    probing: Probing
    evaluating: Evaluating
    deliver: Callable[[], object]
    remember: Callable[[datetime], Memory]
    clock: Clock
    fresh: list[Observation] = field(default_factory=list)
    memory: Memory | None = None
    outage: Outage | None = None

    def look(self, lease: Lease) -> Look:
        """Write down and judge what was seen, and send what is critical."""
        seen, now = self.seen(), self.clock()
        if not seen and self.outage is None:
            return Look(False)
        run = Run(DUTY, f"watch__{lease.fence}", now)
        with self.store.transaction():
            lease.hold(self.store)
            self.store.many("runs.lock_duty", duty=DUTY)
            settled = settle(self.outage, self.evaluating, self.store, run) if self.outage else 0
            samples.record(self.store, [sample for one in seen for sample in samples_of(one)])
            changes = [change for each in rounds(seen) for change in self.evaluating.apply(self.store, list(map(judged, each)), run, now)]
        self.fresh, self.outage = [], None
        news = settled + sum(change.transition.reason not in (Reason.UNCHANGED, Reason.STALE) for change in changes)
        if news:
            self.deliver()
        return Look(bool(news))

    def seen(self) -> list[Observation]:
        """All that was seen and is not written down yet, oldest first."""
        self.fresh = [*self.fresh, *self.probing.take(0)][-MOST_BUFFERED:]
        return self.fresh

    def wait(self, bell: Store, seconds: float) -> None:
        """Until something is seen."""
        self.fresh += self.probing.take(seconds)

    def held(self, until: datetime) -> None:
        """The store answers, and the lease lasts until this moment: remember what would be needed without it."""
        self.memory = self.remember(until)

    def goes_on(self) -> bool:
        """The store is away: tell from memory what can be told; whether there is any memory."""
        if self.memory is None:
            return False
        self.outage = self.outage or Outage(self.memory)
        self.outage.judge([judged(one) for one in self.seen()], self.clock())
        return True

    def others(self) -> None:
        """Whoever watches has seen and told the same; what was told from here is on record all the same."""
        if self.outage:
            with self.store.transaction():
                record(self.outage, self.store)
        self.fresh, self.outage = [], None
        self.probing.take(0)

    def close(self) -> None:
        """Ask nobody any more."""
        self.probing.stop()


def look_once(probes: Sequence[DatabaseProbe], store: Store, evaluating: Evaluating, run: Run) -> Counts:
    """Ask every target now, by hand, and judge what it says, within the caller's transaction. Returns counts."""
    seen = asyncio.run(once(probes))
    stored = samples.record(store, [sample for one in seen for sample in samples_of(one)])
    changes = evaluating.apply(store, list(map(judged, seen)), run, evaluating.clock())
    return {"targets": len(seen), "down": sum(not one.up for one in seen), "samples": stored, **by_reason(changes)}


async def once(probes: Sequence[DatabaseProbe]) -> list[Observation]:
    """What each probe sees, all at once."""
    seen = await asyncio.gather(*(probe.confirmed() for probe in probes))
    await asyncio.gather(*(probe.let_go() for probe in probes))
    return list(seen)


def judged(seen: Observation) -> Judged:
    """The verdict on what was seen."""
    return database_up.DatabaseUp.traits, database_up.judge(DUTY, seen.labels, seen.up, seen.why, seen.at)


def rounds(seen: Iterable[Observation]) -> list[list[Observation]]:
    """What was seen, without what only repeats: the n-th change of each target stands in the n-th list."""
    changes: dict[str, list[Observation]] = defaultdict(list)
    for one in seen:
        past = changes[one.labels["target"]]
        if not past or past[-1].up != one.up:
            past.append(one)
    return [[one for one in each if one] for each in zip_longest(*changes.values())]


def samples_of(seen: Observation) -> Iterator[Sample]:
    """`database_up`, and how long each phase took."""
    yield Sample("database_up", seen.labels, float(seen.up), seen.at, "bool", seen.why)
    for phase, seconds in seen.phases.items():
        yield Sample("database_response_time", {**seen.labels, "phase": phase}, seconds, seen.at, "s")
