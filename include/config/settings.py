"""The one schema of the configuration. Every key has a default; an unknown key is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from include.config.alerts import Alerts
from include.config.section import ChannelName, Section
from include.config.times import duration, hour_minute
from include.config.types import DayHours, Duration, Interval, TimeOfDay, Zone, hours

Percent = Annotated[float, Field(gt=0, le=100)]
Days = Annotated[int, Field(gt=0, le=3650)]


class AccountExpiration(Section):
    """Who is about to lose access."""

    check_interval: Interval = timedelta(hours=1)
    """How often the duty runs."""
    warning_days: Annotated[tuple[Days, ...], Field(min_length=1)] = (30, 14, 7, 3, 1)
    """The steps of the ladder, in days of 24 hours; the first is how far ahead the duty looks."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes: `email` is the digest, any other channel gets one line per alert."""
    send_emails: bool = False
    """Write to account owners. A run's form can decide otherwise."""
    copy_manager_days: Days = 7
    """From this step on, and when expired, the owner's manager gets a copy."""
    urgent_days: Days = 7
    """From this step on an alert is a warning, and an account that comes to stand on it is news."""
    reminder_hours: DayHours = hours("08:00-18:00")
    """When owners may be written to, in `monitoring.zone`; what is queued outside waits."""
    digest_at: TimeOfDay = hour_minute("08:00")
    """The first run after this time sends the digest in any case, also an empty one."""
    digest: Literal["overall", "organization"] = "overall"
    """One digest over everything, or one for each organisation (`organization`)."""
    source: Literal["sql"] = "sql"
    """Where the accounts are read from: `sql` is a PostgreSQL database."""
    connection: str = "securenet_db"
    """The Airflow connection of that database."""
    query: str | None = None
    """A file with your own queries in place of SecureNet's, as an absolute path: see sources.md."""
    statement_timeout: Duration = duration("60s")
    """How long one statement may take there; after twice as long the connection is cut."""
    most_reminders: Annotated[int, Field(gt=0)] = 50
    """A run that would write to more owners than this, and than the share below, holds its reminders."""
    most_reminders_percent: Percent = 5
    """The same as a share of all active accounts; the larger of the two counts."""

    @field_validator("warning_days")
    @classmethod
    def falling(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        """The steps from far to near, each once."""
        if len(set(days)) < len(days):
            raise ValueError("a step stands twice; allowed: each number of days once, as in [30, 14, 7, 3, 1]")
        return tuple(sorted(days, reverse=True))


class SystemHealth(Section):
    """Limits of a host. Checked, and not used yet: the duty comes later."""

    check_interval: Interval = timedelta(minutes=5)
    """How often the duty runs."""
    cpu_threshold: Percent = 80
    """Percent of all processors."""
    memory_threshold: Percent = 85
    """Percent of the memory."""
    disk_threshold: Percent = 90
    """Percent of a file system."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""


class Security(Section):
    """What counts as suspicious. Checked, and not used yet: the duty comes later."""

    failed_login_threshold: Annotated[int, Field(gt=0)] = 5
    """So many failed logins are too many."""
    suspicious_activity_window: Duration = duration("15m")
    """Within this time."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""


class Escalation(Section):
    """How often the monitoring judges itself. What is due leaves when it is due, whatever this says."""

    check_interval: Interval = timedelta(minutes=5)
    """How often the duty runs."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""


class Housekeeping(Section):
    """How long the store keeps what, and how many days of partitions it prepares."""

    at: TimeOfDay = hour_minute("02:30")
    """When the duty runs, in `monitoring.zone`."""
    keep_samples: Duration = duration("90d")
    """How long samples are kept, by whole days."""
    keep_runs: Duration = duration("90d")
    """How long the ledger of runs is kept."""
    keep_messages: Duration = duration("365d")
    """How long finished messages are kept."""
    keep_reports: Duration = duration("365d")
    """How long reports are kept, once their messages are gone."""
    partitions_ahead: Annotated[int, Field(ge=1, le=60)] = 14
    """For how many coming days the table of samples is prepared."""


class Monitoring(Section):
    """The duties."""

    zone: Zone = "UTC"
    """The time zone of schedules, times of day and mails."""
    account_expiration: AccountExpiration = AccountExpiration()
    system_health: SystemHealth = SystemHealth()
    security: Security = Security()
    escalation: Escalation = Escalation()
    housekeeping: Housekeeping = Housekeeping()


class Person(Section):
    """Somebody who can be told."""

    name: str
    """Full name."""
    email: str | None = None
    """Where the digest goes."""
    phone: str | None = None
    """Not used yet."""
    slack: str | None = None
    """Not used yet."""
    zone: Zone | None = None
    """Not used yet."""
    organizations: Annotated[tuple[str, ...], Field(min_length=1)] = ("*",)
    """The slugs of what they may see; `*` is everything."""


class Rotation(Section):
    """Who of the people has the role when. Checked, and not used yet."""

    people: Annotated[tuple[str, ...], Field(min_length=1)]
    """In their order."""
    every: Duration
    """How long each has it."""
    starts: str
    """When the first begins."""
    zone: Zone = "UTC"
    """The time zone of `starts`."""


class RotatingRole(Section):
    """A role that goes round. Nobody holds it yet."""

    rotation: Rotation


class Settings(Section):
    """The whole configuration."""

    monitoring: Monitoring = Monitoring()
    alerts: Alerts = Alerts()
    people: dict[str, Person] = {}
    """Who can be told, by a short name."""
    roles: dict[str, tuple[str, ...] | RotatingRole] = {}
    """Who does what: a list of short names, or a rotation. The role `administrator` gets the digests."""

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

    @model_validator(mode="after")
    def fixed_administrators(self) -> Settings:
        """Digests go to fixed people; rotations are for who is on call."""
        if isinstance(self.roles.get("administrator"), RotatingRole):
            raise ValueError("roles.administrator: a rotation; allowed: a list of people, as in administrator: [ann]")
        return self

    def holders(self, role: str) -> tuple[Person, ...]:
        """The people that hold a fixed role, in their order; () for one nobody holds or that rotates."""
        names = self.roles.get(role, ())
        return () if isinstance(names, RotatingRole) else tuple(self.people[name] for name in names)
