"""The words of the trade, as frozen values. Nothing here touches the world, and every moment is an aware datetime."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from include.audience import Labels

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The wall clock; everything else takes the time as an argument."""
    return datetime.now(UTC)


def aware(moment: datetime) -> datetime:
    """The moment itself. Raises ValueError for a naive one: it names no point in time."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment


class Severity(StrEnum):
    """How bad; `success` is a recovery or a completed task and never the severity of an alert."""

    SUCCESS = "success"
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for success up to 3 for critical."""
        return _RANKS[self]

    @property
    def badge(self) -> str:
        """As it is written in front of a line: `🚨 CRITICAL`."""
        return f"{_SIGNS[self]} {self.upper()}"


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
_SIGNS = {Severity.SUCCESS: "✅", Severity.INFO: "ℹ️", Severity.WARNING: "⚠️", Severity.CRITICAL: "🚨"}


class State(StrEnum):
    """Where an alert stands. `unknown`: its data is missing."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    UNKNOWN = "unknown"
    RESOLVED = "resolved"


class Priority(StrEnum):
    """How soon people are brought in: a column of the escalation matrix."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


def is_critical(severity: str, priority: str) -> bool:
    """Whether people hear of it at once, quiet hours or not: because it is that bad, or because its rule says so."""
    return severity == Severity.CRITICAL or priority == Priority.CRITICAL


class Reason(StrEnum):
    """Why an alert went where it went or stayed, and why a receiver is told or not."""

    PENDING = "pending"
    OPENED = "opened"
    WORSENED = "worsened"
    EASED = "eased"
    REMINDED = "reminded"
    FLAPPING = "flapping"
    RECOVERED = "recovered"
    LAPSED = "lapsed"
    NO_DATA = "no_data"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    UNATTENDED = "unattended"
    SILENCED = "silenced"
    MAINTENANCE = "maintenance"
    INHIBITED = "inhibited"
    HELD = "held"
    CAPPED = "capped"
    SUPERSEDED = "superseded"
    STALE = "stale"
    UNCHANGED = "unchanged"


class Level(StrEnum):
    """What a judgement found. `no_data` is a third outcome, neither good nor bad."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"
    NO_DATA = "no_data"


class Stage(StrEnum):
    """The verbs of a run, in their order; and `over`, which its last task writes when the run has come to its end."""

    COLLECT = "collect"
    EVALUATE = "evaluate"
    NOTIFY = "notify"
    REPORT = "report"
    MAINTAIN = "maintain"
    DESCRIBE = "describe"
    ACT = "act"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series at one moment. `note` says why, where the value alone does not."""

    metric: str
    labels: Labels
    value: float
    at: datetime
    unit: str
    note: str | None = None

    def __post_init__(self) -> None:
        aware(self.at)


@dataclass(frozen=True)
class Verdict:
    """What a rule found about one thing. `progress` orders verdicts of the same level: greater is worse.

    `cleared` is False for what is no longer in breach and not yet below the clear level either: it opens nothing and ends nothing.
    `final`: nothing will be judged of it any more, and however much it flapped it is over.
    `grace`: for so long nobody is told of what opens by it.
    """

    duty: str
    rule: str
    labels: Labels
    level: Level
    as_of: datetime
    summary: str
    progress: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)
    cleared: bool = True
    final: bool = False
    grace: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        aware(self.as_of)

    @cached_property
    def fingerprint(self) -> str:
        """Names what is wrong, not how far it has gone: 32 hex digits over duty, rule and labels."""
        return fingerprint(self.duty, self.rule, self.labels)


def fingerprint(duty: str, rule: str, labels: Labels) -> str:
    """The identity of an alert; equal for equal labels in any order."""
    words = json.dumps([duty, rule, sorted(labels.items())], ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Traits:
    """What a rule is like, whatever it judges.

    `wait` (the rule's `for`) and `breaches`: how long, and how many times in a row, before it fires; `damp`: whether flapping is damped.
    `priority`: its own choice in the escalation matrix, None for that of its severity. `group_by`: the labels whose alerts are told
    apart, beside `environment` and `organization`. `repeats`: whether an open alert is told again. `todo`: what to do about it.
    """

    wait: timedelta = timedelta(0)
    breaches: int = 1
    damp: bool = True
    priority: Priority | None = None
    group_by: tuple[str, ...] = ()
    repeats: bool = True
    todo: str | None = None


def is_due(every: timedelta, since: datetime | None, now: datetime) -> bool:
    """Whether it is time again for what is done now and then; also for the first time, and after the clock was set back."""
    return since is None or not timedelta(0) <= now - since < every


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert, as the store holds it."""

    id: int
    fingerprint: str
    duty: str
    rule: str
    labels: Labels
    severity: Severity
    priority: Priority
    state: State
    reason: str
    summary: str
    progress: int
    opened_at: datetime
    evaluated_at: datetime
    changed_at: datetime
    group_key: str | None = None
    fired_at: datetime | None = None
    calls: int = 1
    breaches: int = 1
    history: int = 1
    flapping: bool = False
    acknowledged_by: str | None = None
    acknowledged_until: datetime | None = None
    unattended_since: datetime | None = None
    resolution: str | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Alert:
        """From a row of the table `alert`."""
        fields = {name: row[name] for name in cls.__dataclass_fields__}
        enums = {"severity": Severity(row["severity"]), "priority": Priority(row["priority"]), "state": State(row["state"])}
        return cls(**{**fields, **enums})

    @property
    def is_open(self) -> bool:
        """Whether anybody could be told of it: it fires, or its data is missing."""
        return self.state in (State.FIRING, State.ACKNOWLEDGED, State.UNKNOWN)

    @property
    def is_critical(self) -> bool:
        """Whether nobody waits before they are told of it."""
        return is_critical(self.severity, self.priority)


@dataclass(frozen=True, slots=True)
class Transition:
    """What happens to the alert of a fingerprint because of a verdict; `before` is None for an alert that is not open.

    `breaches`, `history`, `flapping`: how often in a row it was in breach, what was judged of late, and whether that swings too much.
    """

    verdict: Verdict
    before: State | None
    after: State | None
    reason: Reason
    severity: Severity
    breaches: int = 1
    history: int = 1
    flapping: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a duty: which, since when it is due, how long its moment lasts, who triggered it, and what its form said."""

    duty: str
    run_id: str
    run_after: datetime
    interval: timedelta | None = None
    organization: str | None = None
    send_emails: bool | None = None
    release_held: bool = False
    by: str | None = None
    form: Mapping[str, Any] = field(default_factory=dict)

    def is_past(self, now: datetime) -> bool:
        """Whether the present may no longer be stored as this run's: its moment ends when the next one is due."""
        return self.interval is not None and now >= self.run_after + self.interval
