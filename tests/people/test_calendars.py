"""Business days and hours, by hand: holidays, week-ends, changes of the clocks; and where quiet hours end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from include.config.calendars import Calendar
from include.config.types import Hours
from include.people.calendars import end_of, is_business, is_business_day, next_business_day
from tests.configured import configured

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar(zone="Europe/Berlin", holidays="DE")


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


@pytest.mark.parametrize(
    ("at", "calendar", "expected", "hours"),
    [
        ("2026-11-19T10:00", OFFICE, "2026-11-20T09:00", 23),
        ("2026-11-20T18:00", OFFICE, "2026-11-23T09:00", 63),
        ("2026-11-22T12:00", OFFICE, "2026-11-23T09:00", 21),
        ("2026-11-23T03:00", OFFICE, "2026-11-24T09:00", 30),
        ("2026-05-22T18:00", OFFICE, "2026-05-26T09:00", 87),
        ("2026-12-31T10:00", OFFICE, "2027-01-04T09:00", 95),
        ("2026-03-27T18:00", OFFICE, "2026-03-30T09:00", 62),
        ("2026-10-23T18:00", OFFICE, "2026-10-26T09:00", 64),
        ("2026-12-23T10:00", Calendar(zone="Europe/Berlin", holidays_extra=("2026-12-24",)), "2026-12-25T09:00", 47),
        ("2026-11-20T23:00", Calendar(zone="UTC"), "2026-11-23T10:00", 59),
        ("2026-11-21T00:30", Calendar(zone="America/New_York"), "2026-11-23T15:00", 62.5),
        ("2026-11-19T10:00", Calendar(zone="Europe/Berlin", days=("sun",), hours="06:30-07:00"), "2026-11-22T06:30", 68.5),
    ],
    ids=[
        "thursday to friday: 24 - 1",
        "friday evening to monday: 6 + 48 + 9",
        "sunday to monday: 12 + 9",
        "before business begins, the next day is still the next: 21 + 9",
        "whit monday is a holiday: 6 + 3 * 24 + 9",
        "new year's day, then a week-end: 14 + 3 * 24 + 9",
        "the clocks go forward: 63 - 1",
        "the clocks go back: 63 + 1",
        "a day off of our own: 14 + 24 + 9",
        "nine o'clock in UTC is ten in Berlin: 1 + 48 + 10",
        "half past midnight in Berlin is friday in New York, whose nine is three: 23.5 + 24 + 15",
        "only sundays: 14 + 2 * 24 + 6.5",
    ],
)
def test_the_next_business_day_begins(at: str, calendar: Calendar, expected: str, hours: float) -> None:
    start, end = berlin(at), next_business_day(calendar, berlin(at))
    assert end == berlin(expected)
    assert end.timestamp() - start.timestamp() == hours * 3600


def test_a_calendar_whose_every_day_is_a_holiday_does_not_hold_alerts_for_ever() -> None:
    all_year = tuple(date(2026, 1, 1) + timedelta(days=day) for day in range(800))
    assert next_business_day(OFFICE.model_copy(update={"holidays_extra": all_year}), berlin("2026-11-20T18:00")) == berlin(
        "2026-11-23T09:00"
    )


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2026-11-19T08:59", False),
        ("2026-11-19T09:00", True),
        ("2026-11-19T16:59", True),
        ("2026-11-19T17:00", False),
        ("2026-11-21T10:00", False),
        ("2026-12-25T10:00", False),
        ("2027-01-01T10:00", False),
    ],
    ids=["before", "the first minute", "the last minute", "the end is outside", "saturday", "christmas", "a holiday of the next year"],
)
def test_business_is_done_within_its_hours_on_business_days(at: str, inside: bool) -> None:
    assert is_business(OFFICE, berlin(at)) is inside


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    nights = Calendar(zone="Europe/Berlin", hours="22:00-06:00", days=("fri",))
    moments = ["2026-11-20T05:00", "2026-11-20T22:00", "2026-11-21T05:59", "2026-11-21T06:00", "2026-11-21T22:00"]
    assert [is_business(nights, berlin(at)) for at in moments] == [False, True, True, False, False]


def test_all_day_is_all_day() -> None:
    always = Calendar(zone="Europe/Berlin", hours="00:00-24:00")
    assert [is_business(always, berlin(at)) for at in ("2026-11-20T00:00", "2026-11-20T23:59:59", "2026-11-21T00:00")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("code", "day", "business"),
    [
        ("DE", date(2026, 3, 9), True),
        ("DE", date(2027, 3, 8), True),
        ("DE-BE", date(2027, 3, 8), False),
        ("US", date(2026, 11, 26), False),
        ("DE", date(2026, 11, 26), True),
    ],
    ids=["a monday", "women's day is none in all of Germany", "but in Berlin", "thanksgiving", "is none in Germany"],
)
def test_holidays_are_those_of_the_country_or_its_part(code: str, day: date, business: bool) -> None:
    assert is_business_day(Calendar(holidays=code), day) is business


def test_office_is_there_unless_the_file_has_its_own() -> None:
    usual = configured("monitoring: {zone: Europe/Berlin}").calendar("office")
    assert (usual.zone, usual.hours.text, usual.days, usual.holidays) == (
        "Europe/Berlin",
        "09:00-17:00",
        ("mon", "tue", "wed", "thu", "fri"),
        None,
    )
    own = configured("calendars: {office: {hours: 08:00-16:00, zone: Asia/Tokyo}}").calendar("office")
    assert (own.zone, own.hours.text) == ("Asia/Tokyo", "08:00-16:00")


@pytest.mark.parametrize(
    ("hours", "at", "end"),
    [
        ("22:00-07:00", "2026-11-19T21:59", None),
        ("22:00-07:00", "2026-11-19T22:00", "2026-11-20T07:00"),
        ("22:00-07:00", "2026-11-20T06:59", "2026-11-20T07:00"),
        ("22:00-07:00", "2026-11-20T07:00", None),
        ("20:00-24:00", "2026-11-19T23:59", "2026-11-20T00:00"),
        ("12:00-13:00", "2026-11-19T12:30", "2026-11-19T13:00"),
        ("22:00-07:00", "2026-12-31T23:00", "2027-01-01T07:00"),
    ],
    ids=["before", "at the start", "after midnight", "at the end", "until midnight", "by day", "over the year's end"],
)
def test_quiet_hours_end(hours: str, at: str, end: str | None) -> None:
    assert end_of(Hours(hours), berlin(at), BERLIN) == (berlin(end) if end else None)


def test_quiet_hours_end_by_the_clock_also_when_it_changes() -> None:
    end = end_of(Hours("22:00-07:00"), berlin("2026-03-28T23:00"), BERLIN)
    assert end is not None
    assert end.timestamp() - berlin("2026-03-28T23:00").timestamp() == 7 * 3600, "8 hours by the clock, one of which is skipped"
    second = end_of(Hours("22:00-02:30"), berlin("2026-10-25T02:15", fold=1), BERLIN)
    assert second is not None
    assert second.timestamp() - berlin("2026-10-25T02:15", fold=1).timestamp() == 15 * 60, "the second half past two"
