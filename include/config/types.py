"""The value types of the configuration; each says in its error what is allowed."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from include.config.times import divides_a_day, duration, hour_minute, write_duration


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

    @property
    def is_overnight(self) -> bool:
        """Whether it runs over midnight."""
        return self.end < self.start

    @property
    def is_all_day(self) -> bool:
        """Whether nothing lies outside."""
        return self.start == time.min and self.end == time.max

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
