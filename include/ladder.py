"""The ladder of warning steps, once for SQL and once for Python. A step holds while: next smaller step < time left <= step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

KINDS = ("account", "password", "contract", "membership")
EXPIRED = "expired"
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Step:
    """A step as the ends that lie on it: later than `after`, not later than `until`. `days` is None for what has expired."""

    name: str
    days: int | None
    after: datetime
    until: datetime


def ladder(warning_days: Sequence[int], now: datetime) -> list[Step]:
    """The steps at this moment, from far to near, `expired` last. Days are 24 hours, whatever the clocks do."""
    days = sorted(warning_days, reverse=True)
    ends = [now + timedelta(days=day) for day in days] + [now]
    steps = [Step(str(day), day, after, until) for day, until, after in zip(days, ends, ends[1:], strict=False)]
    return [*steps, Step(EXPIRED, None, BEGINNING, now)]


def step_at(steps: Sequence[Step], expires_at: datetime) -> Step | None:
    """The step on which an end lies; None when it is further away than the first."""
    return next((step for step in steps if step.after < expires_at <= step.until), None)


def as_parameters(steps: Sequence[Step]) -> dict[str, list[Any]]:
    """The steps as the arrays that the queries take."""
    return {
        "steps": [step.name for step in steps],
        "after": [step.after for step in steps],
        "until": [step.until for step in steps],
    }
