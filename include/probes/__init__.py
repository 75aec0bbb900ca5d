"""What a watcher asks without a pause: one file per kind of target. Each target has a coroutine of its own, so that none delays another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from include.audience import Labels
from include.metrics import Metric
from include.model import Clock, Sample


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of one target: whether it answered, why not, and how long each phase took, in seconds. `at`: when it was asked.

    `kind`: of the target, as in the metrics `<kind>_up` and `<kind>_response_time`. `samples`: what else there was to measure, and
    `metrics`: of what kind that is, where rates of counters follow from it. `up` is None of what is only measured, and not judged by
    itself, and, with `why`, of a target that could not be asked.
    """

    labels: Labels
    at: datetime
    up: bool | None
    why: str | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    kind: str = "database"
    samples: Sequence[Sample] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    @property
    def says_something(self) -> bool:
        """Whether it is to be judged: the target answered, or did not, or could not be asked."""
        return self.up is not None or self.why is not None


@dataclass(frozen=True, slots=True)
class Pace:
    """How a target is asked: how often, how often the open connection is felt, how long an answer may take, how often a failure is
    confirmed, how long between these attempts, and how often it is tried while it is down."""

    interval: timedelta = timedelta(seconds=30)
    heartbeat: timedelta = timedelta(seconds=5)
    timeout: timedelta = timedelta(seconds=2)
    confirmations: int = 2
    between: timedelta = timedelta(milliseconds=350)
    down: timedelta = timedelta(seconds=1)

    @property
    def again(self) -> float:
        """Seconds until what is down is tried again: sooner where a single attempt decides."""
        return (self.down if self.confirmations else self.down / 4).total_seconds()


Tell = Callable[[Observation], None]


class Probe(Protocol):
    """Asks one target for ever. Two that would do the same are equal, however far they are."""

    @property
    def labels(self) -> Labels:
        """The target's; {} for what is done beside the targets."""
        ...

    @property
    def kind(self) -> str:
        """Of target; "" for what is done beside the targets."""
        ...

    @property
    def clock(self) -> Clock:
        """The time of what it sees."""
        ...

    async def run(self, tell: Tell) -> None:
        """Tell what is seen, at each interval and whenever it changes. Never raises because of the target."""
        ...

    async def confirmed(self) -> Observation:
        """What is seen now; a failure is one when further attempts fail too."""
        ...

    async def let_go(self) -> None:
        """Keep no connection open."""
        ...


def unasked(probe: Probe, why: str) -> Observation:
    """That a probe's target could not be asked now."""
    return Observation(probe.labels, probe.clock(), None, why, kind=probe.kind)
