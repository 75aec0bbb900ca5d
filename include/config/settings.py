"""The one schema of the configuration: duties here, the rest beside. Every key has a default; an unknown key is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from include.config.alerts import Alerts
from include.config.calendars import OFFICE, Calendar
from include.config.channels import Channels
from include.config.people import Holders, Person, RotatingRole
from include.config.references import problems
from include.config.routes import Escalation, Priorities, Route
from include.config.rules import RuleEntry
from include.config.section import ChannelName, Section
from include.config.targets import Targets
from include.config.times import duration, hour_minute
from include.config.types import (
    AbsolutePath,
    Beat,
    ConnectionId,
    DayHours,
    Duration,
    Interval,
    Number,
    Switch,
    TimeOfDay,
    Timeout,
    Whole,
    Zone,
    hours,
    within,
)

Kept = Annotated[Duration, within("1d", "3650d")]
Percent = Annotated[Number, Field(gt=0, le=100)]
Days = Annotated[Whole, Field(gt=0, le=3650)]


class AccountExpiration(Section):
    """Who is about to lose access."""

    check_interval: Interval = timedelta(hours=1)
    """How often the duty runs."""
    warning_days: Annotated[tuple[Days, ...], Field(min_length=1)] = (30, 14, 7, 3, 1)
    """The steps of the ladder, in days of 24 hours; the first is how far ahead the duty looks."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes: `email` is the digest, any other channel gets one line per alert."""
    send_emails: Switch = False
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
    connection: ConnectionId = "securenet_db"
    """The Airflow connection of that database."""
    query: AbsolutePath | None = None
    """A file with your own queries in place of SecureNet's, as an absolute path: see sources.md."""
    statement_timeout: Annotated[Duration, within("1s", "1h")] = duration("60s")
    """How long one statement may take there; after twice as long the connection is cut. 1s to 1h."""
    most_reminders: Annotated[Whole, Field(gt=0)] = 50
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
    """How hosts do. The limits are those of the shipped rules `cpu_usage`, `memory_usage` and `disk_usage`."""

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


class DatabaseHealth(Section):
    """How databases do."""

    check_interval: Interval = timedelta(minutes=5)
    """How often the duty runs."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""


class Security(Section):
    """What counts as suspicious. Checked, and not used yet: the duty comes later."""

    failed_login_threshold: Annotated[Whole, Field(gt=0)] = 5
    """So many failed logins are too many."""
    suspicious_activity_window: Annotated[Duration, within("1s", "7d")] = duration("15m")
    """Within this time."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""


class DailySummary(Section):
    """The operations digest."""

    at: TimeOfDay = hour_minute("07:30")
    """When it leaves, in `monitoring.zone`."""


class OwnHealth(Section):
    """How often the monitoring judges itself. What is due leaves when it is due, whatever this says."""

    check_interval: Interval = timedelta(minutes=5)
    """How often the duty runs."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""


class Housekeeping(Section):
    """How long the store keeps what (a day to ten years, unless said otherwise), and how many days of partitions it prepares."""

    at: TimeOfDay = hour_minute("02:30")
    """When the duty runs, in `monitoring.zone`."""
    keep_samples: Kept = duration("90d")
    """How long samples are kept, by whole days, and series of which nothing is measured any more."""
    keep_runs: Kept = duration("90d")
    """How long the ledger of runs is kept."""
    keep_messages: Kept = duration("365d")
    """How long finished messages are kept."""
    keep_reports: Kept = duration("365d")
    """How long reports are kept, once their messages are gone."""
    keep_pages: Kept = duration("30d")
    """How long the pages are kept that duties write each hour and nobody is mailed."""
    keep_alerts: Annotated[Duration, within("100d", "3650d")] = duration("730d")
    """How long alerts that are over are kept, with all that happened to them, and silences that have ended; 100d or more, longer
    than any silence."""
    partitions_ahead: Annotated[Whole, Field(ge=1, le=60)] = 14
    """For how many coming days the table of samples is prepared."""


class DatabaseConnectivity(Section):
    """How databases are asked whether they answer."""

    interval: Beat = timedelta(seconds=30)
    """How often each is connected to and queried."""
    heartbeat: Beat = timedelta(seconds=5)
    """How often the connection that stays open is felt: so long a frozen server may go unnoticed, and `timeout` for each attempt."""
    timeout: Timeout = timedelta(seconds=2)
    """How long an answer may take."""
    confirmations: Annotated[Whole, Field(ge=0, le=10)] = 2
    """So many further attempts, a third of a second apart, must fail too before it is an alert; what is down is tried every second. With 0
    the first attempt decides, and what is down is tried four times a second."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""


class ApiPerformance(Section):
    """How HTTP addresses are asked; each has its own interval."""

    confirmations: Annotated[Whole, Field(ge=0, le=10)] = 2
    """So many further attempts, a third of a second apart, must fail too before it is an alert; what is down is tried every second. With 0
    the first attempt decides, and what is down is tried four times a second."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""


class PageLoad(Section):
    """How web pages are visited; without any in `targets.pages` the duty does not run."""

    check_interval: Interval = timedelta(minutes=5)
    """How often the duty runs."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""


class Monitoring(Section):
    """The duties."""

    zone: Zone = "UTC"
    """The time zone of schedules, times of day and mails."""
    account_expiration: AccountExpiration = AccountExpiration()
    system_health: SystemHealth = SystemHealth()
    database_health: DatabaseHealth = DatabaseHealth()
    security: Security = Security()
    daily_summary: DailySummary = DailySummary()
    database_connectivity: DatabaseConnectivity = DatabaseConnectivity()
    api_performance: ApiPerformance = ApiPerformance()
    page_load: PageLoad = PageLoad()
    escalation: OwnHealth = OwnHealth()
    housekeeping: Housekeeping = Housekeeping()


class Settings(Section):
    """The whole configuration."""

    monitoring: Monitoring = Monitoring()
    alerts: Alerts = Alerts()
    people: dict[str, Person] = Field(default_factory=dict)
    """Who can be told, by a short name."""
    roles: dict[str, Holders] = Field(default_factory=dict)
    """Who does what: a list of short names, or a rotation. The role `administrator` gets the digests."""
    calendars: dict[str, Calendar] = Field(default_factory=dict)
    """When business is done, by name."""
    routes: tuple[Route, ...] = ()
    """Who is told of what at once. An alert that no route is for goes through its duty's `alert_channels`."""
    escalation: Escalation = Escalation()
    priorities: Priorities = Priorities()
    channels: Channels = Channels()
    targets: Targets = Targets()
    rules: tuple[RuleEntry, ...] = ()
    """Limits of your own, and changes of the shipped ones (rules.md)."""

    @model_validator(mode="after")
    def hangs_together(self) -> Settings:
        """What one section names of another is there."""
        if found := [problem.details() for problem in problems(self)]:
            raise ValidationError.from_exception_data("Settings", found)
        return self

    def holders(self, role: str) -> tuple[Person, ...]:
        """The people that hold a fixed role, in their order; () for one nobody holds or that rotates."""
        names = self.roles.get(role, ())
        return () if isinstance(names, RotatingRole) else tuple(self.people[name] for name in names)

    def calendar(self, name: str) -> Calendar:
        """The calendar, with its zone; `office` is always there. Raises KeyError for any other that is not."""
        found = Calendar() if name == OFFICE and OFFICE not in self.calendars else self.calendars[name]
        return found if found.zone else found.model_copy(update={"zone": self.monitoring.zone})
