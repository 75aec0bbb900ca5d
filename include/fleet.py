"""A fleet: many targets of one kind, read side by side. Each says for itself whether it answered and how long that took."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from include.audience import Labels
from include.failures import SourceError
from include.metrics import UNANSWERED, Metric, Reading, rates_of
from include.model import Sample
from include.store import Store, samples

log = logging.getLogger(__name__)
AT_ONCE = 32
# So long one target may take, however much time the duty has: those that hang must not use up the time of the others.
LONGEST = timedelta(seconds=15)
# A target whose labels explode must not fill the store.
MOST_SERIES = 1000
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
    """What one target came to: its readings, or why there are none, and how many seconds that took."""

    kind: str
    labels: Labels
    readings: Sequence[Reading]
    why: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Fleet:
    """The targets of a source as a duty reads them; `metrics`: what they may say; `at_once`: so many side by side."""

    name: str
    duty: str
    gauges: Sequence[Gauge]
    metrics: Mapping[str, Metric]
    cheap: bool = False
    at_once: int = AT_ONCE

    def read(self, store: Store, at: datetime, organization: str | None, within: timedelta) -> Sequence[Sample]:
        """Let the samples of all targets arrive, `source_up` and `source_duration` of each among them, and the rates of counters."""
        samples.arrive(store, self.samples(at, within))
        samples.rates(store, rates_of(self.metrics))
        return ()

    def samples(self, at: datetime, within: timedelta) -> list[Sample]:
        """What the targets say now."""
        return [sample for measured in self.measured(within * READING) for sample in self.samples_of(measured, at)]

    def measured(self, within: timedelta) -> list[Measured]:
        """Each target in a thread of its own, so many at once; one that takes too long is left behind."""
        pool = ThreadPoolExecutor(max_workers=max(min(self.at_once, len(self.gauges)), 1), thread_name_prefix=self.name)
        ends = time.monotonic() + within.total_seconds()
        asked = [(gauge, pool.submit(measure, gauge, min(within, LONGEST), self.cheap)) for gauge in self.gauges]
        wait([future for _, future in asked], timeout=max(ends - time.monotonic(), 0))
        pool.shutdown(wait=False, cancel_futures=True)
        return [outcome(gauge, future, within) for gauge, future in asked]

    def samples_of(self, measured: Measured, at: datetime) -> Iterator[Sample]:
        """The target's own samples, then whether it answered."""
        for reading in measured.readings[:MOST_SERIES]:
            unit = "bool" if reading.metric == UNANSWERED else self.metrics[reading.metric].unit
            yield Sample(reading.metric, {**reading.labels, **measured.labels}, reading.value, at, unit, reading.note)
        labels = {**measured.labels, "duty": self.duty, "source": measured.kind}
        yield Sample("series_dropped", labels, max(len(measured.readings) - MOST_SERIES, 0), at, "series")
        yield Sample("source_up", labels, 0 if measured.why else 1, at, "bool", measured.why)
        yield Sample("source_duration", labels, measured.seconds, at, "s")


def measure(gauge: Gauge, within: timedelta, cheap: bool) -> Measured:
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
    return Measured(gauge.kind, gauge.labels, readings, why, time.monotonic() - started)


def outcome(gauge: Gauge, future: Future[Measured], within: timedelta) -> Measured:
    """What the target came to in time."""
    if future.done() and not future.cancelled():
        return future.result()
    seconds = within.total_seconds()
    why = "its turn did not come" if future.cancelled() else "no answer"
    return Measured(gauge.kind, gauge.labels, (), f"{why} within {seconds:.0f} s", seconds)
