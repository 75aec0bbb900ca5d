"""The chart of the next 90 days."""

from __future__ import annotations

import struct
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from include.reports import charts
from tests.reports.facts import NOW, busy

UTC = ZoneInfo("UTC")
TODAY = NOW.date()


def test_it_is_a_small_png_twice_as_fine_as_it_is_shown() -> None:
    facts = busy()
    picture = charts.expirations(facts.calendar, facts.now, UTC)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (2 * charts.WIDTH, 2 * charts.HEIGHT)
    assert 3_000 < len(picture) < 40_000


def test_the_same_facts_give_the_same_picture() -> None:
    facts = busy()
    assert charts.expirations(facts.calendar, facts.now, UTC) == charts.expirations(facts.calendar, facts.now, UTC)


def test_what_ended_before_today_is_not_in_it_nor_what_ends_after_ninety_days() -> None:
    days = {-1: 1, 0: 2, 6: 4, 7: 8, 90: 16, 91: 32}
    calendar = [(TODAY + timedelta(days=day), "account", number) for day, number in days.items()]
    weeks, sums = charts.weeks_ahead(calendar, NOW, UTC)
    assert sums["account"] == [2 + 4, 8, *[0] * 10, 16]
    assert (weeks[0], weeks[-1]) == (TODAY, TODAY + timedelta(weeks=12))


def test_today_is_the_readers_today() -> None:
    weeks, _ = charts.weeks_ahead([], NOW, ZoneInfo("Pacific/Auckland"))
    assert weeks[0] == date(2026, 11, 24)
    weeks, _ = charts.weeks_ahead([], NOW + timedelta(hours=4), ZoneInfo("Pacific/Auckland"))
    assert weeks[0] == date(2026, 11, 25)
