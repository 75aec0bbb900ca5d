"""The watcher of targets: what probes see becomes samples, alerts and messages in one transaction, and what is critical leaves."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import ClassVar

from include.config.settings import Settings
from include.dispatch import Directory
from include.evaluating import Evaluating, Judged
from include.loading import load_named
from include.metrics import rates_of
from include.model import Clock, Reason, Run, Sample, is_due
from include.probes import Observation, Probe
from include.rules import RULES, target_up
from include.store import Store, samples
from include.store.alerts import Change, by_reason
from include.store.leases import Lease
from include.store.runs import Counts
from include.targets.probing import Probing
from include.watchers.outage import Memory, Outage, record, settle
from include.watchers.watching import Look, Watch

# While the store is away so much is kept for it; so much of that is judged in one look, which may not take long.
MOST_BUFFERED, MOST_AT_ONCE = 10_000, 500
# So much of what was told meanwhile is written down in one look; before all of it is, nothing new is judged.
MOST_SETTLED = 200


@dataclass
class Observing(Watch):
    """Judges what the probes of a duty see. `directory`: who is told, as it stands now; `deliver` sends what is due; `remember` is what can
    be told without the store.

    `judged_every`: how often the duty's rules are asked about all that is stored.
    """

    duty: str
    store: Store
    probing: Probing
    evaluating: Evaluating
    directory: Callable[[], Directory]
    deliver: Callable[[], object]
    remember: Callable[[datetime], Memory]
    clock: Clock
    judged_every: timedelta | None = None
    fresh: list[Observation] = field(default_factory=list)
    memory: Memory | None = None
    outage: Outage | None = None
    judged_at: datetime | None = None
    more: bool = False
    listens: ClassVar[bool] = False

    def look(self, lease: Lease) -> Look:
        """Write down and judge what was seen, and send what is critical."""
        outage, rest = self.outage.split(MOST_SETTLED) if self.outage else (None, None)
        (seen, later), now = self.next(0 if rest else MOST_AT_ONCE), self.clock()
        pulse = self.is_due(now) and not rest
        if not (seen or pulse or outage):
            return Look(False)
        run, evaluating = Run(self.duty, f"watch__{lease.fence}", now), replace(self.evaluating, directory=self.directory())
        with self.store.transaction():
            arrive(self.store, seen)  # before anything is held: whoever hangs while it sends rows is not told so, and keeps its locks
            lease.hold(self.store)
            self.store.many("runs.lock_duty", duty=self.duty)
            settled = settle(outage, evaluating, self.store, run) if outage else 0
            settle_samples(self.store, seen)
            changes = [change for each in rounds(seen) for change in evaluating.apply(self.store, judged(each, self.duty), run, now)]
            changes += self.pulse(evaluating, run, now) if pulse else []
        self.fresh, self.outage, self.more = later, rest, bool(later or rest)
        news = settled + sum(change.transition.reason not in (Reason.UNCHANGED, Reason.STALE) for change in changes)
        if news:
            self.deliver()
        return Look(bool(news))

    def is_due(self, now: datetime) -> bool:
        """Whether the duty's rules are to be asked."""
        return self.judged_every is not None and is_due(self.judged_every, self.judged_at, now)

    def next(self, most: int) -> tuple[list[Observation], list[Observation]]:
        """What is judged now, and what waits for the next look: of a storm, some at a time."""
        seen = self.seen()
        return seen[:most], seen[most:]

    def seen(self) -> list[Observation]:
        """All that was seen and is not written down yet, oldest first."""
        self.fresh = [*self.fresh, *self.probing.take(0)][-MOST_BUFFERED:]
        return self.fresh

    def wait(self, bell: Store, seconds: float) -> None:
        """Until something is seen, or not at all where something waits."""
        self.fresh += self.probing.take(0 if self.more else seconds)

    def held(self, until: datetime) -> None:
        """The store answers, and the lease lasts until this moment: remember what would be needed without it."""
        self.memory = self.remember(until)

    def goes_on(self) -> bool:
        """The store is away: tell from memory what can be told; whether there is any memory."""
        if self.memory is None:
            return False
        self.outage, self.more = self.outage or Outage(self.memory), False
        self.outage.judge(judged(self.seen(), self.duty), self.clock())
        return True

    def others(self) -> None:
        """Whoever watches has seen and told the same; what was told from here is on record all the same."""
        if self.outage:
            with self.store.transaction():
                record(self.outage, self.store)
        self.fresh, self.outage, self.more = [], None, False
        self.probing.take(0)

    def pulse(self, evaluating: Evaluating, run: Run, now: datetime) -> list[Change]:
        """Let all rules of the duty judge."""
        self.judged_at = now
        return evaluating.apply(self.store, evaluating.judge(self.store, run, now), run, now)

    def follow(self, settings: Settings, probes: Sequence[Probe]) -> None:
        """Ask and judge other targets from now on. In the loop of the probes; what is judged at this moment is judged as before."""
        self.evaluating = replace(self.evaluating, settings=settings)
        self.probing.ask(probes)

    def close(self) -> None:
        """Ask nobody any more."""
        self.probing.stop()


def look_once(probes: Sequence[Probe], opened: Store, evaluating: Evaluating, run: Run, told: Sequence[Sample] = ()) -> Counts:
    """Ask every target now, by hand, and judge what it says, in one transaction. Returns counts. `told`: further samples."""
    seen = asyncio.run(once(probes))
    with opened.transaction():
        samples.arrive(opened, told)
        arrive(opened, seen)
        stored = settle_samples(opened, seen)
        changes = evaluating.apply(opened, judged(seen, run.duty), run, evaluating.clock())
    asked = [one for one in seen if one.says_something]
    return {"targets": len(asked), "down": sum(not one.up for one in asked), "samples": stored, **by_reason(changes)}


async def once(probes: Sequence[Probe]) -> list[Observation]:
    """What each probe sees, all at once."""
    seen = await asyncio.gather(*(probe.confirmed() for probe in probes))
    await asyncio.gather(*(probe.let_go() for probe in probes))
    return list(seen)


def arrive(opened: Store, seen: Sequence[Observation]) -> None:
    """Bring what was seen to the store."""
    samples.arrive(opened, [sample for one in seen for sample in samples_of(one)])


def settle_samples(opened: Store, seen: Sequence[Observation]) -> int:
    """Write down what has arrived, and the rates of its counters; how many samples that made."""
    samples.rates(opened, rates_of({name: metric for one in seen for name, metric in one.metrics.items()}))
    if sampled := [one.at for one in seen if not one.says_something]:
        samples.limit(opened, max(sampled))
    return samples.settle(opened)


def judged(seen: Iterable[Observation], duty: str) -> list[Judged]:
    """A duty's verdicts on what was seen; what is only measured has none."""
    return [
        (load_named(RULES, f"{one.kind}_up", "rule").traits, target_up.judge(duty, one.kind, one.labels, one.up, one.why, one.at))
        for one in seen
        if one.says_something
    ]


def rounds(seen: Iterable[Observation]) -> list[list[Observation]]:
    """What was seen, without what only repeats: the n-th change of each target stands in the n-th list."""
    changes: dict[str, list[Observation]] = defaultdict(list)
    for one in seen:
        past = changes[one.labels.get("target", "")]
        if one.says_something and (not past or past[-1].up != one.up):
            past.append(one)
    return [[one for one in each if one] for each in zip_longest(*changes.values())]


def samples_of(seen: Observation) -> Iterator[Sample]:
    """`<kind>_up`, how long each phase took, and whatever else was measured."""
    if seen.up is not None:
        yield Sample(f"{seen.kind}_up", seen.labels, float(seen.up), seen.at, "bool", seen.why)
    for phase, seconds in seen.phases.items():
        yield Sample(f"{seen.kind}_response_time", {**seen.labels, "phase": phase}, seconds, seen.at, "s")
    yield from seen.samples
