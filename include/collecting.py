"""Collect: measure a source and store what it saw. A sick source is stored as such and is nobody's exception."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.failures import SourceError
from include.logs import facts
from include.model import Clock, Run, Sample, Stage
from include.sources import Source
from include.store import Store, samples
from include.store.runs import Attempt, Counts, once

log = logging.getLogger(__name__)
PAUSES = (1.0, 4.0)
# With less time than this left a source is not asked once more.
SHORTEST_TRY = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Collecting:
    """How a source is measured. `refusal`: why the configuration file was refused, None when it was not.

    `budget`: how long all tries may take together, so that time remains to store that there was no answer.
    """

    source: Source
    refusal: str | None
    clock: Clock
    budget: timedelta
    sleep: Callable[[float], None] = time.sleep

    def collect(self, store: Store, run: Run) -> Counts:
        """Ask up to three times and store the first answer, or that there was none. Returns counts.

        A run whose moment has passed measures nothing: the present is never stored under the past.
        """
        return once(store, run, Stage.COLLECT, self.clock, self.attempt)

    def attempt(self, attempt: Attempt) -> Counts:
        """One attempt of the stage."""
        if attempt.run.is_past(attempt.started_at):
            return attempt.finish({"skipped": "the run's moment has passed"})
        until = attempt.started_at + self.budget
        for pause in (*PAUSES, None):
            try:
                return self.measure(attempt, until - self.clock())
            except SourceError as error:
                why = str(error)
            pause = self.affordable(pause, until)
            facts(log, "source did not answer", duty=attempt.run.duty, source=self.source.name, why=why, again_in_s=pause)
            if pause is None:
                break
            self.sleep(pause)
        return self.sick(attempt, why)

    def affordable(self, pause: float | None, until: datetime) -> float | None:
        """The pause, if a try after it is still in time."""
        return pause if pause is not None and self.clock() + timedelta(seconds=pause) + SHORTEST_TRY <= until else None

    def measure(self, attempt: Attempt, within: timedelta) -> Counts:
        """Store one answer of the source, all of it or nothing."""
        started = self.clock()
        with attempt.store.transaction():
            measured = self.source.read(attempt.store, started, attempt.run.organization, within)
            signs = self.vital_signs(attempt.run.duty, started, self.clock() - started, None)
            stored = samples.record(attempt.store, [*measured, *signs])
            return attempt.finish({"source": self.source.name, "source_up": 1, "samples": stored})

    def sick(self, attempt: Attempt, why: str) -> Counts:
        """Store that the source did not answer, and why."""
        now = self.clock()
        with attempt.store.transaction():
            samples.record(attempt.store, self.vital_signs(attempt.run.duty, now, now - attempt.started_at, why))
            return attempt.finish({"source": self.source.name, "source_up": 0, "why": why}, state="sick", error=why)

    def vital_signs(self, duty: str, at: datetime, took: timedelta, why: str | None) -> Sequence[Sample]:
        """What each run says of itself: did the source answer, how long did it take, is the configuration valid."""
        labels = {"duty": duty, "source": self.source.name}
        return (
            Sample("source_up", labels, 0 if why else 1, at, "bool", why),
            Sample("source_duration", labels, took.total_seconds(), at, "s"),
            Sample("config_valid", {"duty": duty}, 0 if self.refusal else 1, at, "bool", self.refusal),
        )
