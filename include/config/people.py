"""Who can be told, and who has which role when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, PlainSerializer, Tag, field_validator, model_validator

from include.config.section import EVERYTHING, Organizations, Section, may_see
from include.config.times import local_moment, write_duration
from include.config.types import DayHours, Duration, EmailAddress, Hours, PhoneNumber, SlackMember, Zone

# Known without being configured; nobody has them until the file says who.
DEFAULT_ROLES = (
    "on_call",
    "manager",
    "on_call_engineer",
    "development_team",
    "team_lead",
    "technical_lead",
    "operations_manager",
    "administrator",
)
DAY = timedelta(days=1)
LocalMoment = Annotated[datetime, BeforeValidator(local_moment), PlainSerializer(lambda value: value.isoformat("T", "minutes"))]


class Person(Section):
    """Somebody who can be told."""

    name: str
    """Full name."""
    email: EmailAddress | None = None
    """Where mail goes."""
    phone: PhoneNumber | None = None
    """Where SMS go, as in +49301234567."""
    slack: SlackMember | None = None
    """Their Slack member ID, as in U02ABCDEF."""
    zone: Zone | None = None
    """The time zone of their quiet hours and of times in what they get; none: `monitoring.zone`."""
    organizations: Organizations = EVERYTHING
    """The slugs of what they may see; `*` is everything. Alerts without an organisation are for `*` alone."""
    quiet_hours: DayHours | None = None
    """When nothing but critical alerts reaches them, as in `22:00-07:00`; the rest waits until the end."""

    @field_validator("quiet_hours")
    @classmethod
    def ending(cls, hours: Hours | None) -> Hours | None:
        """What is held must be let go at some time."""
        if hours and hours.is_all_day:
            raise ValueError(f"{hours.text!r} would hold everything for ever; allowed: a part of the day, as in 22:00-07:00")
        return hours

    @model_validator(mode="after")
    def reachable(self) -> Person:
        """What is meant for somebody without an address would reach nobody."""
        if not (self.email or self.phone or self.slack):
            raise ValueError("without an address; allowed: at least one of email, phone, slack")
        return self

    def may_see(self, organization: str | None) -> bool:
        """Whether alerts of this organisation are for them; None: alerts that have none."""
        return may_see(self.organizations, organization)

    def address(self, channel: str) -> str | None:
        """Where they are reached through the channel; None when they are not."""
        return {"email": self.email, "sms": self.phone, "slack": self.slack}.get(channel)


class Override(Section):
    """Somebody stands in for whoever is on call."""

    person: str
    """Who."""
    starts: LocalMoment
    """From when, in the rotation's zone, as in 2026-12-24T18:00."""
    ends: LocalMoment
    """Until when; then the rotation goes on as if nothing had been."""

    @model_validator(mode="after")
    def forwards(self) -> Override:
        """It ends after it starts."""
        if self.ends <= self.starts:
            raise ValueError(f"ends {self.ends:%Y-%m-%dT%H:%M}, and starts {self.starts:%Y-%m-%dT%H:%M}; allowed: an end after the start")
        return self


class Rotation(Section):
    """Who of the people has the role when. Hand-overs keep their time of day through every change of the clocks."""

    people: tuple[str, ...]
    """In their order."""
    every: Duration
    """How long each has it: whole days or weeks."""
    starts: LocalMoment
    """When the first begins, as in 2026-01-05T09:00; before that nobody has the role."""
    zone: Zone | None = None
    """The time zone of `starts` and of the overrides; none: `monitoring.zone`."""
    overrides: tuple[Override, ...] = ()
    """Who stands in when."""

    @field_validator("people")
    @classmethod
    def somebody(cls, people: tuple[str, ...]) -> tuple[str, ...]:
        """At least one."""
        if not people:
            raise ValueError("a rotation without people; allowed: at least one, as in [ann, bob]")
        return people

    @field_validator("every")
    @classmethod
    def whole_days(cls, every: timedelta) -> timedelta:
        """Only days can be counted on a calendar."""
        if every % DAY:
            raise ValueError(f"{write_duration(every)} is no number of days; allowed: whole days or weeks, as in 1d or 1w")
        return every

    @field_validator("overrides")
    @classmethod
    def apart(cls, overrides: tuple[Override, ...]) -> tuple[Override, ...]:
        """In their order; two at once would leave open who it is."""
        ordered = tuple(sorted(overrides, key=lambda one: one.starts))
        for one, next_one in pairwise(ordered):
            if next_one.starts < one.ends:
                raise ValueError(
                    f"{next_one.person} from {next_one.starts:%Y-%m-%dT%H:%M} overlaps {one.person} until {one.ends:%Y-%m-%dT%H:%M}; "
                    "allowed: one after the other"
                )
        return ordered

    def named(self) -> Iterator[str]:
        """Everybody in it."""
        yield from self.people
        yield from (override.person for override in self.overrides)


class RotatingRole(Section):
    """A role that goes round."""

    rotation: Rotation


def form(value: Any) -> str:
    """How a role is written."""
    return ROTATES if isinstance(value, dict | RotatingRole) else LISTED


ROTATES, LISTED = "as a rotation", "as a list"
Holders = Annotated[Annotated[tuple[str, ...], Tag(LISTED)] | Annotated[RotatingRole, Tag(ROTATES)], Discriminator(form)]
