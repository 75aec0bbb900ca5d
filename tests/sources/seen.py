"""Readings as tests look at them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import timedelta

from include.metrics import Reading
from include.targets.fleet import Gauge

SECONDS = timedelta(seconds=10)
LABELS: Mapping[str, str] = {"target": "web1", "environment": "test"}


def read(gauge: Gauge, cheap: bool = False, within: timedelta = SECONDS) -> list[Reading]:
    """What the gauge says."""
    return list(gauge.read(within, cheap))


def value(readings: Iterable[Reading], metric: str, **labels: str) -> float:
    """The one value of a series."""
    (found,) = (reading.value for reading in readings if reading.metric == metric and dict(reading.labels) == labels)
    return found


def note(readings: Iterable[Reading], metric: str, **labels: str) -> str | None:
    """What is noted of it."""
    (found,) = (reading.note for reading in readings if reading.metric == metric and dict(reading.labels) == labels)
    return found


def names(readings: Iterable[Reading]) -> set[str]:
    """The metrics that are there."""
    return {reading.metric for reading in readings}


def waiting() -> set[threading.Thread]:
    """The threads that wait for what may hang; those of other tests end at any time."""
    return {thread for thread in threading.enumerate() if thread.name == "may hang"}
