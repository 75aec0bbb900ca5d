"""Why nobody is told of an alert for now: silences, maintenance, inhibition and dependencies. Measuring and resolving go on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from include.config.alerts import Alerts, Inhibition, foundations
from include.model import Alert, Reason, Severity, State

# Rules that are never silenced: they say that something is.
EXEMPT = frozenset({"maintenance"})


@dataclass(frozen=True, slots=True)
class Silence:
    """A time in which matching alerts are told to nobody; a `maintenance` was planned. With `recurrence` (an RRULE) it holds for
    `lasts` from each occurrence on, in its zone, until `ends_at`."""

    id: int
    maintenance: bool
    matchers: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    recurrence: str | None
    lasts: timedelta | None
    zone: str
    owner: str
    reason: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Silence:
        """From a row of the table `silence`."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    def until(self, now: datetime) -> datetime | None:
        """When the time ends that it holds now; None when it does not hold."""
        if not self.starts_at <= now < self.ends_at:
            return None
        if not (self.recurrence and self.lasts):
            return self.ends_at
        zone = ZoneInfo(self.zone)
        occurrences = rrulestr(self.recurrence, dtstart=self.starts_at.astimezone(zone).replace(tzinfo=None))
        last = occurrences.before(now.astimezone(zone).replace(tzinfo=None), inc=True)
        ends = last.replace(tzinfo=zone).astimezone(UTC) + self.lasts if last else now
        return min(ends, self.ends_at) if ends > now else None

    @property
    def words(self) -> str:
        """`silenced by ann: deployment`."""
        return f"{Reason.MAINTENANCE if self.maintenance else Reason.SILENCED} by {self.owner}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Quiet:
    """Why nobody is told of an alert, and until when that is known to last."""

    words: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Suppression:
    """Everything that keeps messages back at one moment. `open_alerts`: what may make other alerts needless."""

    silences: Sequence[Silence]
    settings: Alerts
    open_alerts: Sequence[Alert]
    now: datetime

    def of(self, alert: Alert) -> Quiet | None:
        """Why nobody is told of this alert now; None when people are."""
        if alert.rule in EXEMPT:
            return None
        for silence in self.silences:
            if matches(silence.matchers, alert) and (until := silence.until(self.now)):
                return Quiet(silence.words, until)
        cause = next((other for other in self.open_alerts if other.id != alert.id and self.hides(other, alert)), None)
        return Quiet(f"{Reason.INHIBITED} by {cause.summary}") if cause else None

    def hides(self, cause: Alert, alert: Alert) -> bool:
        """Whether one alert makes another needless."""
        if self.stands_on(alert.labels.get("target"), cause):
            return True
        return any(inhibits(one, cause, alert) for one in self.settings.inhibit)

    def stands_on(self, target: str | None, cause: Alert) -> bool:
        """Whether the cause means that something is down on which the target depends."""
        down = cause.severity is Severity.CRITICAL or cause.state is State.UNKNOWN
        return bool(target and down and cause.labels.get("target") in foundations(self.settings.dependencies, target))


def inhibits(rule: Inhibition, cause: Alert, alert: Alert) -> bool:
    """Whether the rule makes the alert needless while the cause is open. An alert that is both never hides its like."""
    if not matches(rule.source, cause) or not matches(rule.target, alert) or matches(rule.source, alert):
        return False
    return all(cause.labels.get(label) == alert.labels.get(label) for label in rule.equal)


def matches(patterns: Mapping[str, str], alert: Alert) -> bool:
    """Whether each property is like its pattern, `*` being anything: `duty`, `rule`, `severity`, `fingerprint`, `group`, or a label."""
    known = {
        "duty": alert.duty,
        "rule": alert.rule,
        "severity": str(alert.severity),
        "fingerprint": alert.fingerprint,
        "group": alert.group_key or "",
    }
    values = {**alert.labels, **known}
    return all(name in values and fnmatchcase(values[name], pattern) for name, pattern in patterns.items())


def next_change(quiets: Iterable[Quiet | None]) -> datetime | None:
    """When the first of these is known to end."""
    return min((quiet.until for quiet in quiets if quiet and quiet.until), default=None)
