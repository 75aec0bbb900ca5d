"""When business is done."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, field_validator

from include.config.section import Section, listed
from include.config.spelling import spelled
from include.config.types import DayHours, Zone, hours

OFFICE = "office"
DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def day(text: Any) -> date:
    """`2026-12-24` as a date. Raises ValueError for anything else."""
    try:
        return text if isinstance(text, date) else date.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError(f"{spelled(text)} is not a date; allowed: year, month and day, as in 2026-12-24") from None


Day = Annotated[date, BeforeValidator(day), PlainSerializer(date.isoformat)]


class Calendar(Section):
    """Business hours. `office` is there with these defaults even when the file does not name it."""

    zone: Zone | None = None
    """The time zone of the hours; none: `monitoring.zone`."""
    hours: DayHours = hours("09:00-17:00")
    """On each business day; hours over midnight belong to the day on which they begin."""
    days: Annotated[tuple[DayName, ...], BeforeValidator(listed), Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri")
    """The days of the week."""
    holidays: str | None = None
    """No business on the public holidays of a country, or of a part of it, as in `DE` and `DE-BE`."""
    holidays_extra: tuple[Day, ...] = ()
    """Further days without business."""

    @field_validator("holidays")
    @classmethod
    def known_country(cls, code: str | None) -> str | None:
        """A country whose holidays are known."""
        return code and known_holidays(code)


def known_holidays(code: str) -> str:
    """The code itself. Raises ValueError for a country or part of one that the library does not know."""
    from holidays import country_holidays  # a third of a second, and few files name a country

    country, _, part = code.partition("-")
    try:
        parts = country_holidays(country).subdivisions
    except NotImplementedError:
        raise ValueError(f"no holidays are known for {code!r}; allowed: codes of countries and their parts, as in DE and DE-BE") from None
    if part and part not in parts:
        known = ", ".join([country, *(f"{country}-{known}" for known in parts)])
        raise ValueError(f"no holidays are known for {code!r}; allowed: {known}")
    return code
