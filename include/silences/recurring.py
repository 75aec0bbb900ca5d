"""Recurrence: an RRULE (RFC 5545), as far as a silence needs one. Pure; it looks at the days that it is asked for and never searches on."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Periods by number, so that every second or third can be told; weeks begin on Mondays.
PERIODS: Mapping[str, Callable[[datetime], int]] = {
    "HOURLY": lambda moment: moment.toordinal() * 24 + moment.hour,
    "DAILY": lambda moment: moment.toordinal(),
    "WEEKLY": lambda moment: (moment.toordinal() - 1) // 7,
    "MONTHLY": lambda moment: moment.year * 12 + moment.month,
}
NUMBERS: Mapping[str, tuple[Collection[int], str]] = {
    "INTERVAL": (range(1, 1000), "1 to 999"),
    "BYMONTH": (range(1, 13), "1 to 12"),
    "BYMONTHDAY": ({*range(-31, 0), *range(1, 32)}, "1 to 31, and -1 for the last day to -31"),
    "BYHOUR": (range(24), "0 to 23"),
    "BYMINUTE": (range(60), "0 to 59"),
}
PARTS = ("FREQ", "BYDAY", *NUMBERS)
END = ("COUNT", "UNTIL")


@dataclass(frozen=True, slots=True)
class Recurrence:
    """What recurs in a zone, counted from a local time, `anchor`. Of each collection one must fit, and an empty one always does.

    `weekdays`: (which of its kind in the month, from the end where negative, 0 for each; 0 for Monday).
    """

    anchor: datetime
    zone: ZoneInfo
    frequency: str
    interval: int
    months: frozenset[int]
    month_days: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    hours: frozenset[int]
    minutes: frozenset[int]

    @classmethod
    def of(cls, text: str, starts: datetime, zone: ZoneInfo) -> Recurrence:
        """`FREQ=WEEKLY;BYDAY=SU`; what it leaves open is as at its start. Raises ValueError with what is allowed."""
        anchor, parts = starts.astimezone(zone).replace(tzinfo=None), read(text)
        frequency = parts["FREQ"]
        numbers = {name: numbers_of(name, parts.get(name, "")) for name in NUMBERS}
        weekdays, month_days = weekdays_of(parts.get("BYDAY", ""), frequency), numbers["BYMONTHDAY"]
        if not weekdays and not month_days:
            weekdays = frozenset({(0, anchor.weekday())} if frequency == "WEEKLY" else ())
            month_days = frozenset({anchor.day} if frequency == "MONTHLY" else ())
        hours = numbers["BYHOUR"] or frozenset(range(24) if frequency == "HOURLY" else {anchor.hour})
        interval = max(numbers["INTERVAL"], default=1)
        minutes = numbers["BYMINUTE"] or frozenset({anchor.minute})
        return cls(anchor, zone, frequency, interval, numbers["BYMONTH"], month_days, weekdays, hours, minutes)

    def between(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Its moments from the one to the other, both included, in order and in UTC."""
        first = max(since.astimezone(self.zone).replace(tzinfo=None), self.anchor).date()
        last = until.astimezone(self.zone).date()
        # A time that the clocks skip may come a day later than it says.
        days = (first + timedelta(days=number) for number in range(-1, (last - first).days + 1))
        yield from (moment for day in days for moment in self.on(day) if since <= moment <= until)

    def on(self, day: date) -> list[datetime]:
        """Its moments on a day of its zone."""
        if not self.has(day):
            return []
        clock = self.anchor.time()
        times = [datetime.combine(day, clock.replace(hour=hour, minute=minute)) for hour in self.hours for minute in self.minutes]
        return sorted({moment for time in times if time >= self.anchor and self.in_turn(time) for moment in self.universal(time)})

    def has(self, day: date) -> bool:
        """Whether it can recur on a day."""
        length = monthrange(day.year, day.month)[1]
        nth, nth_from_end = (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1)
        kinds = {(which, day.weekday()) for which in (0, nth, nth_from_end)}
        fits = (self.months, {day.month}), (self.month_days, {day.day, day.day - length - 1}), (self.weekdays, kinds)
        return all(not allowed or allowed & found for allowed, found in fits)

    def in_turn(self, time: datetime) -> bool:
        """Whether it is the turn of the hour, day, week or month: with INTERVAL=2 every second is."""
        number = PERIODS[self.frequency]
        return (number(time) - number(self.anchor)) % self.interval == 0

    def universal(self, time: datetime) -> set[datetime]:
        """A local time in UTC. Of an hour that comes twice the first counts, and both do for what recurs by the hour."""
        folds = (0, 1) if self.frequency == "HOURLY" else (0,)
        return {time.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in folds}


def read(text: str) -> dict[str, str]:
    """The parts by name. Raises ValueError."""
    parts = {}
    for part in text.upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name in END:
            raise ValueError(f"{name} is not allowed: the end of a silence stands in `ends`")
        if name not in PARTS or name in parts or not value:
            raise ValueError(f"{part!r} is not understood; allowed: {', '.join(PARTS)}, each once, as in FREQ=WEEKLY;BYDAY=SU")
        parts[name] = value
    if parts.get("FREQ") not in PERIODS:
        raise ValueError(f"FREQ is {parts.get('FREQ', 'missing')}; allowed: {', '.join(PERIODS)}")
    return parts


def numbers_of(name: str, text: str) -> frozenset[int]:
    """`1,15,-1` as numbers. Raises ValueError."""
    allowed, words = NUMBERS[name]
    found = [int(word) if re.fullmatch(r"[+-]?[0-9]{1,3}", word) else None for word in text.split(",") if text]
    if not all(number in allowed for number in found) or (name == "INTERVAL" and len(found) > 1):
        raise ValueError(f"{name}={text[:50]} is not understood; allowed: {words}")
    return frozenset(number for number in found if number is not None)


def weekdays_of(text: str, frequency: str) -> frozenset[tuple[int, int]]:
    """`MO,-1FR` as (which in the month, weekday). Raises ValueError."""
    found = [re.fullmatch(rf"([+-]?[1-5])?({'|'.join(WEEKDAYS)})", word) for word in text.split(",") if text]
    numbered = any(match and match[1] for match in found)
    if not all(found) or (numbered and frequency != "MONTHLY"):
        raise ValueError(f"BYDAY={text[:50]} is not understood; allowed: {', '.join(WEEKDAYS)}, and with FREQ=MONTHLY as in 1SU and -1FR")
    return frozenset((int(match[1] or 0), WEEKDAYS.index(match[2])) for match in found if match)
