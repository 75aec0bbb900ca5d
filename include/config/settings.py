"""The one schema of the configuration. Every key has a default; an unknown key is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from include.config.types import DayHours, Duration, Interval, TimeOfDay, Zone, duration, hour_minute, hours

ChannelName = Literal["email", "slack", "pagerduty", "sms", "webhook", "log"]
Percent = Annotated[float, Field(gt=0, le=100)]
Days = Annotated[int, Field(gt=0, le=3650)]


class Section(BaseModel):
    """A mapping of the file: frozen, and nothing in it goes unread."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class AccountExpiration(Section):
    """Who is about to lose access. `query`: the user's own SQL file instead of SecureNet's (docs/sources.md)."""

    check_interval: Interval = timedelta(hours=1)
    warning_days: Annotated[tuple[Days, ...], Field(min_length=1)] = (30, 14, 7, 3, 1)
    alert_channels: tuple[ChannelName, ...] = ("email",)
    send_emails: bool = False
    copy_manager_days: Days = 7
    urgent_days: Days = 7
    reminder_hours: DayHours = hours("08:00-18:00")
    digest_at: TimeOfDay = hour_minute("08:00")
    digest: Literal["overall", "organization"] = "overall"
    source: Literal["sql"] = "sql"
    connection: str = "securenet_db"
    query: str | None = None
    statement_timeout: Duration = duration("60s")
    most_reminders: Annotated[int, Field(gt=0)] = 50
    most_reminders_percent: Percent = 5

    @field_validator("warning_days")
    @classmethod
    def falling(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        """The steps from far to near, each once."""
        if len(set(days)) < len(days):
            raise ValueError("a step stands twice; allowed: each number of days once, as in [30, 14, 7, 3, 1]")
        return tuple(sorted(days, reverse=True))


class SystemHealth(Section):
    """Limits of a host, in percent."""

    check_interval: Interval = timedelta(minutes=5)
    cpu_threshold: Percent = 80
    memory_threshold: Percent = 85
    disk_threshold: Percent = 90
    alert_channels: tuple[ChannelName, ...] = ("email",)


class Security(Section):
    """What counts as suspicious."""

    failed_login_threshold: Annotated[int, Field(gt=0)] = 5
    suspicious_activity_window: Duration = duration("15m")
    alert_channels: tuple[ChannelName, ...] = ("email",)


class Housekeeping(Section):
    """How long the store keeps what, and how many days of partitions it prepares."""

    at: TimeOfDay = hour_minute("02:30")
    keep_samples: Duration = duration("90d")
    keep_runs: Duration = duration("90d")
    keep_messages: Duration = duration("365d")
    keep_reports: Duration = duration("365d")
    partitions_ahead: Annotated[int, Field(ge=1, le=60)] = 14


class Monitoring(Section):
    """The duties. `zone`: where times of day are meant, unless a person has a zone of their own."""

    zone: Zone = "UTC"
    account_expiration: AccountExpiration = AccountExpiration()
    system_health: SystemHealth = SystemHealth()
    security: Security = Security()
    housekeeping: Housekeeping = Housekeeping()


class Person(Section):
    """Somebody who can be told. `organizations`: what they may see; `*` is everything."""

    name: str
    email: str | None = None
    phone: str | None = None
    slack: str | None = None
    zone: Zone | None = None
    organizations: Annotated[tuple[str, ...], Field(min_length=1)] = ("*",)


class Rotation(Section):
    """Who of the people has the role when: each for `every`, in this order, from `starts` in `zone` on."""

    people: Annotated[tuple[str, ...], Field(min_length=1)]
    every: Duration
    starts: str
    zone: Zone = "UTC"


class RotatingRole(Section):
    """A role that goes round."""

    rotation: Rotation


class Settings(Section):
    """The whole configuration."""

    monitoring: Monitoring = Monitoring()
    people: dict[str, Person] = {}
    roles: dict[str, tuple[str, ...] | RotatingRole] = {}

    @model_validator(mode="after")
    def known_people(self) -> Settings:
        """Every name in a role is a person's."""
        for role, holders in self.roles.items():
            names = holders.rotation.people if isinstance(holders, RotatingRole) else holders
            for name in names:
                if name not in self.people:
                    known = ", ".join(self.people) or "nobody yet"
                    raise ValueError(f"roles.{role}: {name!r} is not in people; allowed: {known}")
        return self

    def holders(self, role: str) -> tuple[Person, ...]:
        """The people that hold a fixed role, in their order; () for one nobody holds or that rotates."""
        names = self.roles.get(role, ())
        return () if isinstance(names, RotatingRole) else tuple(self.people[name] for name in names)
