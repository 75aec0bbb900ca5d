"""One HTTP target: does it answer, as expected, and how fast? Its connection stays open; now and then a new one is made, to see it all."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from include.audience import Labels
from include.model import Clock, Sample
from include.probes import Observation, Pace, Tell
from include.probes.http_metrics import METRICS
from include.web import Failed
from include.web.certificates import seconds_left
from include.web.client import Call, Client
from include.web.line import Answer, BadCertificate, Phases

PACE = Pace(interval=timedelta(minutes=1), timeout=timedelta(seconds=10))
FRESH = timedelta(minutes=2)
# Seconds: a clock may not see that an answer took any time.
LEAST = 1e-6


@dataclass
class HttpProbe:
    """The probe of one target. `fresh`: how often all is seen by a new connection."""

    kind: ClassVar[str] = "api"

    labels: Labels
    call: Call
    clock: Clock
    pace: Pace = PACE
    fresh: timedelta = FRESH
    was_up: bool = field(default=True, compare=False)
    renew_at: float = field(default=0.0, compare=False)
    client: Client = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.client = Client(self.call)

    async def run(self, tell: Tell) -> None:
        """Ask at the target's moments, whatever the last probe took; every second or so while it is down."""
        loop, interval = asyncio.get_running_loop(), self.pace.interval.total_seconds()
        planned = loop.time() + until_turn(self.labels["target"], interval, self.clock())
        wake = planned
        try:
            while True:
                await asyncio.sleep(wake - loop.time())
                started = loop.time()
                seen = await self.confirmed()
                tell(seen)
                planned = next_turn(planned, interval, loop.time())
                wake = planned if seen.up else min(planned, started + self.pace.again)
        finally:
            await self.let_go()

    async def confirmed(self) -> Observation:
        """What is seen; a failure is one when further attempts over new connections, a moment later, fail too."""
        seen = await self.ask()
        left = self.pace.confirmations if self.was_up else 0
        while left > 0 and not seen.up:
            await asyncio.sleep(self.pace.between.total_seconds())
            await self.let_go()
            seen, left = await self.ask(), left - 1
        if not seen.up:
            await self.let_go()  # new connections may be answered well already
        self.was_up = bool(seen.up)
        return seen

    async def ask(self) -> Observation:
        """One probe. Never raises because of the target."""
        self.renew(asyncio.get_running_loop().time())
        at, phases, values = self.clock(), Phases(), dict[str, float]()
        why = await self.outcome(phases, values)
        if (left := seconds_left(self.client.found, self.clock())) is not None:
            values["certificate_expiry"] = left
        self.client.found = None
        more = [Sample(metric, self.labels, value, at, METRICS[metric].unit) for metric, value in values.items()]
        return Observation(self.labels, at, why is None, why, phases, self.kind, more)

    async def outcome(self, phases: Phases, values: dict[str, float]) -> str | None:
        """What is wrong, or None; `phases` gets their seconds, `values` what else was measured, by metric."""
        seconds = self.pace.timeout.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                answer: Answer = await self.client.ask(phases)
        except TimeoutError:
            self.client.hang_up()
            return f"no complete answer within {seconds:g} s"
        except BadCertificate as error:
            self.client.found = error.found
            return str(error)
        except Failed as error:
            return str(error)
        values["api_response_bytes"] = len(answer.body)
        values["api_throughput"] = len(answer.body) / max(phases["total"], LEAST)
        return self.call.expect.why_not(answer)

    def renew(self, now: float) -> None:
        """Forget connections that have been kept for long."""
        if now >= self.renew_at:
            self.client.hang_up()
            self.renew_at = now + self.fresh.total_seconds()

    async def let_go(self) -> None:
        """No connection stays open."""
        self.client.hang_up()


def offset(name: str) -> float:
    """Where in its interval a target has its turn, from 0 to 1: always the same, and spread evenly over many."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) / 2**48


def until_turn(name: str, interval: float, now: datetime) -> float:
    """Seconds until the target's next turn; a restart does not move it."""
    return (offset(name) * interval - now.timestamp()) % interval


def next_turn(planned: float, interval: float, now: float) -> float:
    """The first turn behind now: one that a slow probe missed is left out, and nothing drifts."""
    return planned + interval * max(0, (now - planned) // interval + 1)
