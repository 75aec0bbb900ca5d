"""A fleet: many targets of one kind, read side by side. Each says for itself whether it answered and how long that took."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Protocol

from include.audience import Labels
from include.failures import SourceError
from include.metrics import UNANSWERED, Metric, Reading, rates_of
from include.model import Clock, Sample, utc_now
from include.store import Store, samples

log = logging.getLogger(__name__)
AT_ONCE = 32
# Seconds. Whoever takes longer goes on beside, and another one has its turn: those that hang keep nobody waiting.
SLOW = 1.0
# So long one target may take, however much time the duty has: those that hang must not use up the time of the others.
LONGEST = timedelta(seconds=15)
# A target whose labels explode must not fill the store; nor one whose labels are others at each reading: see samples.MOST_OF_A_DAY.
MOST_SERIES = 1000
# What tells the target; nothing that it says does.
OF_TARGETS = frozenset({"target", "environment"})
# The rest of the time is for storing what was read.
READING = 0.9


class Gauge(Protocol):
    """One target of a kind. `labels`: `target`, `environment`, and what the operator added. Building one connects to nothing."""

    @property
    def kind(self) -> str:
        """As its source is called in labels."""
        ...

    @property
    def labels(self) -> Labels:
        """The target's own, which all of its series have."""
        ...

    def read(self, within: timedelta, cheap: bool) -> Iterable[Reading]:
        """All that the target says, or only what costs it next to nothing (`cheap`), as it is asked for every minute.

        Raises SourceError when it does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Closed:
    """Stands for a target that cannot be opened, as when its connection is missing, and says why."""

    kind: str
    labels: Labels
    why: str

    def read(self, within: timedelta, cheap: bool) -> Iterable[Reading]:
        """Nothing. Raises SourceError."""
        raise SourceError(self.why)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one target came to: its readings, or why there are none, and how many seconds that took. `at`: when it was asked."""

    kind: str
    labels: Labels
    at: datetime
    readings: Sequence[Reading]
    why: str | None
    seconds: float


@dataclass
class Turns:
    """Whose turn it is: so many at once that have not been `slow` yet, until a moment of the monotonic clock."""

    most: int
    slow: float
    ends: float
    begun: list[Future[Measured]] = field(default_factory=list)
    young: dict[Future[Measured], float] = field(default_factory=dict)

    def come(self) -> bool:
        """Wait until another one may begin; False when the time is over."""
        while (now := time.monotonic()) < self.ends:
            self.young = {one: since for one, since in self.young.items() if not one.done() and now - since < self.slow}
            if len(self.young) < self.most:
                return True
            wait(self.young, min(min(self.young.values()) + self.slow, self.ends) - now, FIRST_COMPLETED)
        return False

    def begin(self, one: Future[Measured]) -> None:
        """It has begun."""
        self.begun.append(one)
        self.young[one] = time.monotonic()


@dataclass(frozen=True, slots=True)
class Fleet:
    """The targets of a source as a duty reads them; `metrics`: what they may say; `at_once`: no more than so many side by side, ever."""

    name: str
    duty: str
    gauges: Sequence[Gauge]
    metrics: Mapping[str, Metric]
    cheap: bool = False
    at_once: int | None = None
    clock: Clock = utc_now

    def read(self, store: Store, at: datetime, organization: str | None, within: timedelta) -> Sequence[Sample]:
        """Let the samples of all targets arrive, `source_up` and `source_duration` of each among them, and the rates of counters."""
        samples.arrive(store, self.samples(within))
        samples.rates(store, rates_of(self.metrics))
        samples.limit(store, at)
        return ()

    def samples(self, within: timedelta) -> list[Sample]:
        """What the targets say now, each when its turn comes."""
        return [sample for measured in self.measured(within * READING) for sample in self.samples_of(measured)]

    def measured(self, within: timedelta) -> list[Measured]:
        """Each target in a thread of its own, so many at once; one that takes too long is left behind."""
        turns = Turns(self.at_once or AT_ONCE, math.inf if self.at_once else SLOW, time.monotonic() + within.total_seconds())
        pool = ThreadPoolExecutor(max_workers=max(len(self.gauges), 1), thread_name_prefix=self.name)
        for gauge in self.gauges:
            if turns.come():
                turns.begin(pool.submit(measure, gauge, self.clock(), min(within, LONGEST), self.cheap))
        wait(turns.begun, timeout=max(turns.ends - time.monotonic(), 0))
        pool.shutdown(wait=False, cancel_futures=True)
        return [outcome(gauge, future, self.clock(), within) for gauge, future in zip_longest(self.gauges, turns.begun)]

    def unit(self, metric: str) -> str | None:
        """That of a metric; None for one that this fleet does not know."""
        known = self.metrics.get(metric)
        if known is None:
            return "bool" if metric == UNANSWERED else None
        return known.unit

    def samples_of(self, measured: Measured) -> Iterator[Sample]:
        """The target's own samples, then whether it answered, all of one moment."""
        at = measured.at
        for reading in measured.readings[:MOST_SERIES]:
            if (unit := self.unit(reading.metric)) is not None:  # one of a file that has just changed is known from the next fleet on
                yield Sample(reading.metric, both(measured.labels, reading.labels), reading.value, at, unit, reading.note)
        labels = {**measured.labels, "duty": self.duty, "source": measured.kind}
        yield Sample("series_dropped", labels, max(len(measured.readings) - MOST_SERIES, 0), at, "series")
        yield Sample("source_up", labels, 0 if measured.why else 1, at, "bool", measured.why)
        yield Sample("source_duration", labels, measured.seconds, at, "s")


def both(target: Labels, reading: Labels) -> Labels:
    """A target's labels and those of what it said, which count where the operator has given one of the same name: else all file systems of
    a host would be one series. A label that says of which target it is becomes `exported_target`, as Prometheus does it.
    """
    return {**target, **{f"exported_{name}" if name in OF_TARGETS else name: value for name, value in reading.items()}}


def measure(gauge: Gauge, at: datetime, within: timedelta, cheap: bool) -> Measured:
    """Read one target; one that does not answer is an outcome, and so is a fault of ours in reading it, which is logged."""
    started = time.monotonic()
    readings: Sequence[Reading] = ()
    why: str | None = None
    try:
        readings = list(gauge.read(within, cheap))
    except SourceError as error:
        why = str(error)
    except Exception as error:  # outermost: whatever one target makes of our code, the others are read all the same
        log.exception("a target could not be read")
        why = f"could not be read: {type(error).__name__}, see the log"
    return Measured(gauge.kind, gauge.labels, at, readings, why, time.monotonic() - started)


def outcome(gauge: Gauge, future: Future[Measured] | None, at: datetime, within: timedelta) -> Measured:
    """What the target came to in time. `future`: None where it did not even begin."""
    if future and future.done() and not future.cancelled():
        return future.result()
    seconds = within.total_seconds()
    why = "no answer" if future and not future.cancelled() else "its turn did not come"
    return Measured(gauge.kind, gauge.labels, at, (), f"{why} within {seconds:.0f} s", seconds)
