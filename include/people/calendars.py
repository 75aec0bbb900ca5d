"""Business hours, business days and quiet hours: what a calendar says of a moment. Pure, but for the holidays that a library knows."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from include.config.calendars import Calendar
from include.config.types import Hours

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)


def is_business(calendar: Calendar, at: datetime) -> bool:
    """Whether business is done at the moment. Hours over midnight belong to the day on which they begin."""
    local = at.astimezone(zone_of(calendar))
    began_yesterday = calendar.hours.is_overnight and local.time() < calendar.hours.end
    return calendar.hours.hold(local.time()) and is_business_day(calendar, local.date() - DAY * began_yesterday)


def is_business_day(calendar: Calendar, day: date) -> bool:
    """Whether it is one of the calendar's days of the week, and no holiday."""
    return is_weekday(calendar, day) and day not in calendar.holidays_extra and day not in public_holidays(calendar.holidays)


def next_business_day(calendar: Calendar, at: datetime) -> datetime:
    """When business begins on the first business day after the moment's own day, in the calendar's zone.

    Where a whole year has none, holidays no longer count: what waits for this moment must not wait for ever.
    """
    zone = zone_of(calendar)
    today = at.astimezone(zone).date()
    business = (day for day in year_after(today) if is_business_day(calendar, day))
    day = next(business, None) or next(day for day in year_after(today) if is_weekday(calendar, day))
    return datetime.combine(day, calendar.hours.start, zone)


def year_after(day: date) -> Iterator[date]:
    """The days behind a day, for a year."""
    return (day + DAY * ahead for ahead in range(1, 367))


def end_of(hours: Hours, at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the span of hours that the moment lies in ends there; None for a moment outside."""
    local = at.astimezone(zone)
    if not hours.hold(local.time()):
        return None
    ends_today = local.time() < hours.end != time.max
    end = time.min if hours.end == time.max else hours.end
    return datetime.combine(local.date() + DAY * (not ends_today), end, zone).replace(fold=local.fold)


def is_weekday(calendar: Calendar, day: date) -> bool:
    """Whether it is one of the calendar's days of the week."""
    return WEEK[day.weekday()] in calendar.days


def zone_of(calendar: Calendar) -> ZoneInfo:
    """The zone of its hours, which `Settings.calendar` has filled in."""
    return ZoneInfo(calendar.zone or "UTC")


@cache
def public_holidays(code: str | None) -> Container[date]:
    """The holidays of a country or a part of it, as `DE` and `DE-BE`, for any year; none for None."""
    if code is None:
        return ()
    from holidays import country_holidays  # a third of a second, and few calendars name a country

    country, _, part = code.partition("-")
    return country_holidays(country, subdiv=part or None)
