"""Durations and times of day as the configuration spells them. Imports nothing heavy: every parse of a DAG file needs them."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any

from include.config.spelling import spelled

LONGEST = timedelta(days=3650)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: Any) -> timedelta:
    """`90s`, `5m`, `1h`, `2d`, `1w` as a timedelta. Raises ValueError for anything else, zero and more than ten years included."""
    if isinstance(text, timedelta):
        return text
    match = re.fullmatch(r"([1-9]\d{0,5})([smhdw])", text) if isinstance(text, str) else None
    if not match:
        raise ValueError(f"{spelled(text)} is not a duration; allowed: a whole number and one of s, m, h, d, w, as in 5m or 1h")
    length = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if length > LONGEST:
        raise ValueError(f"{text} is too long; allowed: up to {write_duration(LONGEST)}")
    return length


def write_duration(length: timedelta) -> str:
    """The duration as the configuration spells it."""
    seconds = int(length.total_seconds())
    for unit, size in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def delay(text: Any) -> timedelta:
    """A duration that may also be `0s`. Raises ValueError like `duration`."""
    return timedelta(0) if text in ("0s", timedelta(0)) else duration(text)


def write_delay(length: timedelta) -> str:
    """The delay as the configuration spells it."""
    return write_duration(length) if length else "0s"


def divides_a_day(length: timedelta) -> timedelta:
    """A schedule that falls on the same times each day. Raises ValueError for one that would drift, as 7h does."""
    minutes, rest = divmod(int(length.total_seconds()), 60)
    even = not rest and minutes > 0 and (60 % minutes == 0 or (minutes % 60 == 0 and 1440 % minutes == 0))
    if not even:
        raise ValueError(
            f"{write_duration(length)} does not divide a day evenly; allowed: 1m to 30m that divide an hour, 1h to 24h that divide a day"
        )
    return length


def hour_minute(text: Any) -> time:
    """`08:00` as a time of day. Raises ValueError for anything else."""
    if isinstance(text, time):
        return text
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text) if isinstance(text, str) else None
    if not match:
        raise ValueError(f"{spelled(text)} is not a time of day; allowed: 00:00 to 23:59")
    return time(int(match[1]), int(match[2]))


def local_moment(text: Any) -> datetime:
    """`2026-01-05T09:00` as a naive moment: its zone stands elsewhere. Raises ValueError for anything else."""
    try:
        moment = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo:
        raise ValueError(f"{spelled(text)} is no date and time of day; allowed: local time without an offset, as in 2026-01-05T09:00")
    return moment
