"""Stands for a target that cannot be asked, as when its connection is missing: it is not down as far as anybody knows, and not well."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from include.audience import Labels
from include.model import Clock
from include.probes import Observation, Tell, unasked

EVERY = 60.0


@dataclass(frozen=True, slots=True)
class Unasked:
    """`kind` of target, and why nobody asks it."""

    labels: Labels
    kind: str
    why: str
    clock: Clock

    async def run(self, tell: Tell) -> None:
        """Say so, each minute."""
        while True:
            tell(await self.confirmed())
            await asyncio.sleep(EVERY)

    async def confirmed(self) -> Observation:
        """That it is not asked."""
        return unasked(self, self.why)

    async def let_go(self) -> None:
        """Nothing is open."""
