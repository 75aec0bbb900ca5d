"""How things are written in mails: moments with their zone, spans in words, counted nouns, and hostile text made harmless to look at."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

LONGEST = 80
LEAST = 0.001
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# A joiner between two emoji makes one of them and stays.
EMOJI = "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
JOINER = f"(?<!{EMOJI})\u200d|\u200d(?!{EMOJI})"
INVISIBLE = re.compile(f"[\u00ad\u034f\u061c\u180e\u200b\u200c\u200e\u200f\u2060-\u2064\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]|{JOINER}")


def moment(value: datetime | None, zone: ZoneInfo) -> str:
    """`2026-11-24 08:00 UTC`; `never` for None."""
    if value is None:
        return "never"
    local = value.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {zone_name(local)}"


def long_moment(value: datetime, zone: ZoneInfo) -> str:
    """`Tuesday, 24 November 2026 at 08:00 UTC`: for people who do not read such mails every day."""
    local = value.astimezone(zone)
    return f"{local:%A}, {local.day} {local:%B} {local.year} at {local:%H:%M} {zone_name(local)}"


def zone_name(local: datetime) -> str:
    """`CET`; zones without a name of their own are written as `UTC-03`."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{name}"


def span(length: timedelta) -> str:
    """A length of time, rounded down: `12 days`, `2 days 5 hours`, `5 hours`, `40 minutes`, `less than a minute`. The sign is dropped."""
    minutes = int(abs(length).total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return counted(days, "day") + (f" {counted(hours, 'hour')}" if hours and days < 3 else "")
    if hours:
        return counted(hours, "hour")
    return counted(minutes, "minute") if minutes else "less than a minute"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 alert`, `4,812 alerts`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def number(value: int) -> str:
    """`4,812`."""
    return f"{value:,}"


def listed(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def shown(text: str, longest: int = LONGEST) -> str:
    """Somebody else's text on one line: harmless, and cut after `longest` characters. The CSV has all of it."""
    line = visible(text).strip()
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def visible(text: str) -> str:
    """The text without what acts instead of being seen: controls as `␍`, reversed writing as `�`, invisible characters dropped."""
    if text.isascii() and text.isprintable():
        return text
    text = CONTROL.sub(lambda found: control_picture(found[0]), text)
    return INVISIBLE.sub("", undirected(text))


def undirected(text: str) -> str:
    """The text without the signs that make what follows read backwards: `�` for each."""
    return DIRECTION.sub("\ufffd", text)


def control_picture(character: str) -> str:
    """The sign that stands for a control character."""
    code = ord(character)
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"


def harmless(value: object) -> object:
    """What a template prints: every text on one line and visible. Markup is the template's own and stays."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def measured(value: float, unit: str) -> str:
    """A value as people say it: `93 %`, `120 ms`, `2 days 5 hours`, `1.5 GiB`, `3 MiB/s`, `14.4`."""
    if unit == "percent":
        return f"{figure(value)} %"
    if unit == "s":
        return duration_words(value)
    if unit in ("bytes", "bytes/s"):
        return binary(value) + unit.removeprefix("bytes")
    return figure(value) if unit in ("", "1", "bool", "ratio", "count") else f"{figure(value)} {unit}"


def figure(value: float) -> str:
    """Three significant digits, and whole numbers whole: `93`, `0.104`, `4,812`; next to nothing is said to be so."""
    if 0 < abs(value) < LEAST:
        return f"less than {LEAST}"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def duration_words(seconds: float) -> str:
    """`120 ms`, `2.5 s`, `5 hours`; from two minutes on as a span, in the past with its sign."""
    if abs(seconds) >= 120:
        return ("-" if seconds < 0 else "") + span(timedelta(seconds=seconds))
    return f"{figure(seconds * 1000)} ms" if 0 < abs(seconds) < 1 else f"{figure(seconds)} s"


def binary(value: float) -> str:
    """`512 bytes`, `1.5 GiB`."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{figure(value)} {unit}"
        value /= 1024
    return f"{figure(value)} TiB"
