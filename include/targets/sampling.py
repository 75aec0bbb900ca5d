"""Sampling: what costs a target next to nothing is measured every minute, beside the probes of a watcher."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from include.audience import Labels
from include.metrics import UNANSWERED
from include.model import Clock, Sample
from include.probes import Observation, Tell
from include.targets.fleet import Fleet

EVERY = timedelta(minutes=1)
# Whether these targets answer, the duty says that judges them.
NOT_HERE = frozenset({"source_up", "source_duration", "series_dropped", UNANSWERED})


@dataclass
class Sampling:
    """Reads fleets in a thread, as a probe that only measures."""

    kind: ClassVar[str] = ""

    fleets: Sequence[Fleet]
    clock: Clock
    every: timedelta = EVERY
    labels: Labels = field(default_factory=dict)

    async def run(self, tell: Tell) -> None:
        """Tell what they say, each minute."""
        due = time.monotonic()
        while True:
            tell(await self.confirmed())
            due = max(due + self.every.total_seconds(), time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    async def confirmed(self) -> Observation:
        """What they say now."""
        at = self.clock()
        metrics = {name: metric for fleet in self.fleets for name, metric in fleet.metrics.items()}
        return Observation({}, at, None, samples=await asyncio.to_thread(self.read), metrics=metrics)

    def read(self) -> list[Sample]:
        """All fleets, one after the other: each is read side by side."""
        within = self.every / (2 * max(len(self.fleets), 1))
        return [one for fleet in self.fleets for one in fleet.samples(within) if one.metric not in NOT_HERE]

    async def let_go(self) -> None:
        """Nothing is kept open."""
