"""Recurrences: as RFC 5545 has them, in their zone through every change of the clocks, and never a search without an end."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from include.silences.recurring import Recurrence

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)
WINDOW = timedelta(days=45)


def occurrences(text: str, starts: datetime = START, days: float = 120, zone: ZoneInfo | None = None) -> list[datetime]:
    return list(Recurrence.of(text, starts, zone or ZoneInfo("UTC")).between(starts, starts + timedelta(days=days)))


def some(values: st.SearchStrategy[int]) -> st.SearchStrategy[str]:
    return st.lists(values, max_size=3, unique=True).map(lambda found: ",".join(map(str, found)))


def parts(frequency: str) -> st.SearchStrategy[dict[str, str]]:
    """The library takes `MO,-1FR` for both at once, RFC 5545 for either of them: here they do not stand together."""
    plain, numbered = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"], ["1MO", "2TU", "-1FR", "5SU", "-5WE"]
    days = st.sampled_from([plain, numbered] if frequency == "MONTHLY" else [plain]).flatmap(
        lambda kinds: st.lists(st.sampled_from(kinds), max_size=3, unique=True)
    )
    rules = st.fixed_dictionaries(
        {
            "FREQ": st.just(frequency),
            "INTERVAL": st.integers(1, 5).map(str),
            "BYDAY": days.map(",".join),
            "BYMONTHDAY": some(st.sampled_from([1, 15, 29, 31, -1, -2])),
            "BYMONTH": some(st.integers(1, 4)),
            "BYHOUR": some(st.integers(0, 23)) if frequency != "HOURLY" else st.just(""),
            "BYMINUTE": some(st.integers(0, 59)),
        }
    )
    return rules.filter(may_ever_be)


def may_ever_be(rule: dict[str, str]) -> bool:
    """The library searches up to the year 9999 for the 31st of a month that has none."""
    return not (rule["BYMONTH"] and set(rule["BYMONTHDAY"].split(",")) <= {"29", "31"})


RULES = st.sampled_from(["HOURLY", "DAILY", "WEEKLY", "MONTHLY"]).flatmap(parts)


@trials(deadline=None, database=None)
@given(RULES, st.integers(0, 400 * 24))
def test_a_recurrence_is_what_the_library_of_dates_says_it_is(rule: dict[str, str], hours: int) -> None:
    text, starts = ";".join(f"{name}={value}" for name, value in rule.items() if value), START + timedelta(hours=hours)
    naive = rrulestr(f"{text};UNTIL={starts + WINDOW:%Y%m%dT%H%M%S}", dtstart=starts.replace(tzinfo=None))
    assert occurrences(text, starts, WINDOW.days) == [moment.replace(tzinfo=UTC) for moment in naive]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("FREQ=WEEKLY;BYDAY=SU", [4, 11, 18, 25]),
        ("RRULE:FREQ=WEEKLY;BYDAY=SU", [4, 11, 18, 25]),
        ("freq=monthly;byday=2tu", [13]),
        ("FREQ=MONTHLY;BYDAY=-1FR", [30]),
        ("FREQ=MONTHLY;BYDAY=SU,-1FR", [4, 11, 18, 25, 30]),
        ("FREQ=MONTHLY;BYMONTHDAY=1,-1", [1, 31]),
        ("FREQ=WEEKLY;INTERVAL=2", [1, 15, 29]),
        ("FREQ=DAILY;INTERVAL=10", [1, 11, 21, 31]),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", []),
    ],
)
def test_days_of_a_month(text: str, days: list[int]) -> None:
    """2026-01-01 is a Thursday."""
    assert [moment.day for moment in occurrences(text, days=30.5)] == days


def test_a_time_of_day_stays_what_it_is_in_its_zone_when_the_clocks_change() -> None:
    saturday = datetime(2026, 3, 28, 2, 30, tzinfo=BERLIN)
    assert [f"{moment:%d %H:%M}" for moment in occurrences("FREQ=DAILY", saturday, 2, BERLIN)] == ["28 01:30", "29 01:30", "30 00:30"]
    assert occurrences("FREQ=DAILY", saturday, 1, BERLIN)[1].astimezone(BERLIN).hour == 3, "02:30 is skipped, and stands for 03:30"


def test_an_hour_that_comes_twice_counts_once_a_day_and_twice_by_the_hour() -> None:
    saturday = datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN)
    assert [f"{moment:%d %H:%M}" for moment in occurrences("FREQ=DAILY", saturday, 1.5, BERLIN)] == ["24 00:30", "25 00:30"]
    hours = occurrences("FREQ=HOURLY", saturday, 2, BERLIN)
    assert hours == [hours[0] + timedelta(hours=number) for number in range(50)]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "'' is not understood; allowed: FREQ, BYDAY, INTERVAL, BYMONTH, BYMONTHDAY, BYHOUR, BYMINUTE, each once, as in"),
        ("every sunday", "'EVERY SUNDAY' is not understood"),
        ("BYDAY=SU", "FREQ is missing; allowed: HOURLY, DAILY, WEEKLY, MONTHLY"),
        ("FREQ=YEARLY", "FREQ is YEARLY; allowed: HOURLY, DAILY, WEEKLY, MONTHLY"),
        ("FREQ=SECONDLY", "FREQ is SECONDLY; allowed"),
        ("FREQ=DAILY;FREQ=DAILY", "'FREQ=DAILY' is not understood; allowed: .* each once"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0 is not understood; allowed: 1 to 999"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL=-1 is not understood"),
        ("FREQ=DAILY;INTERVAL=1,2", "INTERVAL=1,2 is not understood"),
        ("FREQ=DAILY;INTERVAL=" + "9" * 5000, "INTERVAL=9{50} is not understood"),
        ("FREQ=DAILY;COUNT=3", "COUNT is not allowed: the end of a silence stands in `ends`"),
        ("FREQ=DAILY;UNTIL=20261224", "UNTIL is not allowed"),
        ("FREQ=DAILY;BYSECOND=1", "'BYSECOND=1' is not understood"),
        ("FREQ=DAILY;BYEASTER=0", "'BYEASTER=0' is not understood"),
        ("FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO", "'BYSETPOS=-1' is not understood"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR=24 is not understood; allowed: 0 to 23"),
        ("FREQ=DAILY;BYMINUTE=x", "BYMINUTE=X is not understood; allowed: 0 to 59"),
        ("FREQ=DAILY;BYMONTHDAY=0", "BYMONTHDAY=0 is not understood; allowed: 1 to 31, and -1 for the last day to -31"),
        (
            "FREQ=MONTHLY;BYDAY=6MO",
            "BYDAY=6MO is not understood; allowed: MO, TU, WE, TH, FR, SA, SU, and with FREQ=MONTHLY as in 1SU and -1FR",
        ),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY=1MO is not understood"),
        ("FREQ=DAILY\nDTSTART:20260101", "FREQ is DAILY\nDTSTART:20260101"),
    ],
)
def test_what_is_no_recurrence_is_refused_with_what_is_allowed(text: str, answer: str) -> None:
    with pytest.raises(ValueError, match=answer):
        occurrences(text)


@pytest.mark.parametrize(
    "text", ["FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1", "FREQ=DAILY;INTERVAL=7;BYDAY=FR"]
)
def test_what_never_recurs_costs_no_more_than_the_days_that_are_asked_for(text: str) -> None:
    begun = time.process_time()
    assert occurrences(text) == []
    assert time.process_time() - begun < 0.1
