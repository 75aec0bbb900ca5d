"""The value types of the configuration; each says in its error what is allowed."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: Any) -> timedelta:
    """`90s`, `5m`, `1h`, `2d`, `1w` as a timedelta. Raises ValueError for anything else, zero included."""
    if isinstance(text, timedelta):
        return text
    match = re.fullmatch(r"([1-9]\d{0,5})([smhdw])", text) if isinstance(text, str) else None
    if not match:
        raise ValueError(f"{text!r} is not a duration; allowed: a whole number and one of s, m, h, d, w, as in 5m or 1h")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def write_duration(length: timedelta) -> str:
    """The duration as the configuration spells it."""
    seconds = int(length.total_seconds())
    for unit, size in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


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
        raise ValueError(f"{text!r} is not a time of day; allowed: 00:00 to 23:59")
    return time(int(match[1]), int(match[2]))


class Hours:
    """A span of the day, `08:00-18:00`; it may run over midnight, and `00:00-24:00` is all day."""

    def __init__(self, text: str) -> None:
        start, dash, end = str(text).partition("-")
        if not dash:
            raise ValueError(f"{text!r} is no span of hours; allowed: as in 08:00-18:00")
        self.text = text
        self.start = hour_minute(start.strip())
        self.end = time.max if end.strip() == "24:00" else hour_minute(end.strip())
        if self.start == self.end:
            raise ValueError(f"{text!r} is no time at all; allowed: as in 08:00-18:00, and 00:00-24:00 for all day")

    def hold(self, moment: time) -> bool:
        """Whether the time of day lies within; the end does not."""
        before_end = moment < self.end or self.end == time.max
        if self.start < self.end:
            return self.start <= moment and before_end
        return self.start <= moment or before_end

    def __repr__(self) -> str:
        return f"Hours({self.text!r})"


def known_zone(name: str) -> str:
    """The zone's name. Raises ValueError when this machine's time zone database has none of that name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; allowed: names such as UTC or Europe/Berlin") from None
    return name


def hours(value: Any) -> Hours:
    """The span of hours that the text names."""
    return value if isinstance(value, Hours) else Hours(value)


Duration = Annotated[timedelta, BeforeValidator(duration), PlainSerializer(write_duration)]
Interval = Annotated[Duration, AfterValidator(divides_a_day)]
TimeOfDay = Annotated[time, BeforeValidator(hour_minute), PlainSerializer(lambda value: f"{value:%H:%M}")]
DayHours = Annotated[Hours, BeforeValidator(hours), PlainSerializer(lambda value: value.text)]
Zone = Annotated[str, AfterValidator(known_zone)]
