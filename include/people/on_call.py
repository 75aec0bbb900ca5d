"""Who has a role when: rotations, with those who stand in, also as a calendar file. Pure.

A rotation counts in days of its zone's calendar, so that hand-overs keep their time of day when the clocks change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from include.config.people import RotatingRole, Rotation
from include.config.settings import Settings
from include.writing.wording import visible

OCTETS = 75


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's time, in UTC, from `starts` up to but not including `ends`. `stands_in`: by an override."""

    person: str
    starts: datetime
    ends: datetime
    stands_in: bool = False


def on_call(settings: Settings, role: str, at: datetime) -> tuple[str, ...]:
    """The keys of the people who have the role at the moment; () for nobody, as before a rotation starts."""
    holders = settings.roles.get(role, ())
    if isinstance(holders, RotatingRole):
        return tuple(shift.person for shift in shifts(settings, role, at, at))
    return holders


def shifts(settings: Settings, role: str, since: datetime, until: datetime) -> list[Shift]:
    """The shifts of a rotation that have a part of this time, in order; each follows the one before without a gap.

    The first may have begun before, the last may end later. With `until` equal to `since`: the one at that moment.
    Raises ValueError for a role that does not rotate.
    """
    rotation = rotation_of(settings, role)
    zone = ZoneInfo(rotation.zone or settings.monitoring.zone)
    standing_in = list(overrides(rotation, zone))
    every = [*standing_in, *(part for turn in turns(rotation, zone, since, until) for part in without(turn, standing_in))]
    return sorted((shift for shift in every if touches(shift, since, until)), key=lambda shift: shift.starts)


def rotation_of(settings: Settings, role: str) -> Rotation:
    """The role's rotation. Raises ValueError with the roles that have one."""
    holders = settings.roles.get(role)
    if isinstance(holders, RotatingRole):
        return holders.rotation
    rotating = [name for name, found in settings.roles.items() if isinstance(found, RotatingRole)]
    raise ValueError(f"role {role!r} has no rotation; those that have: {', '.join(rotating) or 'none'}")


def turns(rotation: Rotation, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[Shift]:
    """The shifts as they would be if nobody stood in, from the one at `since` to the one at `until`."""
    number = max(0, (since.astimezone(zone).replace(tzinfo=None) - rotation.starts) // rotation.every - 1)
    while handover(rotation, zone, number) <= until:
        person = rotation.people[number % len(rotation.people)]
        yield Shift(person, handover(rotation, zone, number), handover(rotation, zone, number + 1))
        number += 1


def handover(rotation: Rotation, zone: ZoneInfo, number: int) -> datetime:
    """When turn `number`, counted from 0, begins, in UTC."""
    return moment(rotation.starts + rotation.every * number, zone)


def overrides(rotation: Rotation, zone: ZoneInfo) -> Iterator[Shift]:
    """The shifts of those who stand in."""
    for one in rotation.overrides:
        yield Shift(one.person, moment(one.starts, zone), moment(one.ends, zone), stands_in=True)


def without(turn: Shift, standing_in: list[Shift]) -> Iterator[Shift]:
    """What is left of a turn beside those who stand in, who come in order and never two at once."""
    begins = turn.starts
    for other in standing_in:
        if other.starts < turn.ends and begins < other.ends:
            yield Shift(turn.person, begins, other.starts)
            begins = other.ends
    yield Shift(turn.person, begins, turn.ends)


def touches(shift: Shift, since: datetime, until: datetime) -> bool:
    """Whether the shift lasts at all, and has the moment `since` or a part of the time after it."""
    return shift.starts < shift.ends and since < shift.ends and (shift.starts < until or shift.starts <= since)


def moment(local: datetime, zone: ZoneInfo) -> datetime:
    """A naive moment of the zone in UTC; one that the clocks skip is as much later as they skip."""
    return local.replace(tzinfo=zone).astimezone(UTC)


def ical(settings: Settings, role: str, since: datetime, until: datetime) -> str:
    """The shifts between two moments as an iCalendar file (RFC 5545). Raises ValueError for a role that does not rotate.

    A shift keeps its UID from file to file, so that a calendar that subscribes to them replaces and does not repeat.
    """
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//SecureNet Monitoring//on call//EN", f"X-WR-CALNAME:{escaped(role)}"]
    events = [line for shift in shifts(settings, role, since, until) for line in event(settings, role, shift, since)]
    return "".join(folded(line) for line in [*head, *events, "END:VCALENDAR"])


def event(settings: Settings, role: str, shift: Shift, written: datetime) -> list[str]:
    """The lines of one shift."""
    name = settings.people[shift.person].name
    return [
        "BEGIN:VEVENT",
        f"UID:{escaped(role)}-{stamp(shift.starts)}@securenet-monitoring",
        f"DTSTAMP:{stamp(written)}",
        f"DTSTART:{stamp(shift.starts)}",
        f"DTEND:{stamp(shift.ends)}",
        f"SUMMARY:{escaped(f'{role}: {name}')}{' (stands in)' if shift.stands_in else ''}",
        "END:VEVENT",
    ]


def stamp(at: datetime) -> str:
    """The moment in UTC, as iCalendar writes it."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def escaped(text: str) -> str:
    """A text value: its controls made visible, its separators escaped."""
    return re.sub(r"([\\;,])", r"\\\1", visible(text))


def folded(line: str) -> str:
    """The line, continued on further ones before any has more than 75 bytes; no character is cut in two."""
    lines = [""]
    for sign in line:
        if len(f"{lines[-1]}{sign}".encode()) > OCTETS:
            lines.append(" ")
        lines[-1] += sign
    return "".join(f"{line}\r\n" for line in lines)
