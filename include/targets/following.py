"""Following: a watcher's lists of targets and its connections are read again every minute, and its probes change where these did."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

import psycopg

from include.audience import Labels
from include.config.settings import Settings
from include.failures import first_line
from include.logs import facts
from include.model import Clock, Sample
from include.probes import Observation, Probe, Tell

log = logging.getLogger(__name__)
EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: whether each list could be read; the settings with the targets that they name, and the probes of these."""

    told: Sequence[Sample]
    settings: Settings
    probes: Sequence[Probe]


@dataclass(eq=False)
class Following:
    """Reads them as a probe that only measures. `read` blocks, and is asked in a thread; `change` hears of what was found, in the loop.

    `pause`: how long until the next reading. The first is at once, and one that broke is not repeated without a pause.
    """

    kind: ClassVar[str] = ""

    read: Callable[[datetime], Found]
    change: Callable[[Settings, Sequence[Probe]], None]
    clock: Clock
    labels: Labels = field(default_factory=dict)
    pause: timedelta = timedelta(0)

    async def run(self, tell: Tell) -> None:
        """Read and tell, each minute."""
        while True:
            await asyncio.sleep(self.pause.total_seconds())
            self.pause = EVERY
            try:
                tell(await self.confirmed())
            except psycopg.OperationalError as error:  # the store is away: what is asked now goes on to be
                facts(log, "lists not read", why=first_line(error))

    async def confirmed(self) -> Observation:
        """Whether each list can be read now; the probes follow, and those that are as before are not disturbed."""
        at = self.clock()
        found = await asyncio.to_thread(self.read, at)
        self.change(found.settings, [*found.probes, self])
        return Observation({}, at, None, samples=found.told)

    async def let_go(self) -> None:
        """Nothing is kept open."""
