"""The words of the trade, as frozen values. Nothing here touches the world, and every moment is an aware datetime."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from include.audience import Audience, Labels, Told
from include.failures import DeliveryError

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
        return list(Severity).index(self)

    @property
    def badge(self) -> str:
        """As it is written in front of a line: `🚨 CRITICAL`."""
        return f"{_SIGNS[self]} {self.upper()}"


_SIGNS = {Severity.SUCCESS: "✅", Severity.INFO: "ℹ️", Severity.WARNING: "⚠️", Severity.CRITICAL: "🚨"}


class State(StrEnum):
    """Where an alert stands. `unknown`: its data is missing."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    UNKNOWN = "unknown"
    RESOLVED = "resolved"


class Reason(StrEnum):
    """Why an alert went where it went, or stayed."""

    OPENED = "opened"
    WORSENED = "worsened"
    EASED = "eased"
    RECOVERED = "recovered"
    NO_DATA = "no_data"
    RETURNED = "returned"
    STALE = "stale"
    UNCHANGED = "unchanged"


class Level(StrEnum):
    """What a judgement found. `no_data` is a third outcome, neither good nor bad."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"
    NO_DATA = "no_data"


class Priority:
    """The order in which messages leave: critical first, bulk (owner reminders) last."""

    CRITICAL = 0
    NORMAL = 1
    BULK = 2


class MessageState(StrEnum):
    """Where a message stands; `uncertain`: a crash hid whether the receiver has it, so it counts as told and is sent again."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    HELD = "held"
    SUPPRESSED = "suppressed"
    SUPERSEDED = "superseded"
    UNCERTAIN = "uncertain"
    NOT_CONFIGURED = "not_configured"
    NO_RECEIVER = "no_receiver"


class Stage(StrEnum):
    """The verbs of a run, in their order."""

    COLLECT = "collect"
    EVALUATE = "evaluate"
    NOTIFY = "notify"
    REPORT = "report"
    MAINTAIN = "maintain"
    DESCRIBE = "describe"


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule found about one thing. `progress` orders verdicts of the same level: greater is worse."""

    duty: str
    rule: str
    labels: Labels
    level: Level
    as_of: datetime
    summary: str
    progress: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        aware(self.as_of)

    @property
    def fingerprint(self) -> str:
        """Names what is wrong, not how far it has gone: 32 hex digits over duty, rule and labels."""
        return fingerprint(self.duty, self.rule, self.labels)


def fingerprint(duty: str, rule: str, labels: Labels) -> str:
    """The identity of an alert; equal for equal labels in any order."""
    words = json.dumps([duty, rule, sorted(labels.items())], ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Alert:
    """An open alert, as the store holds it."""

    id: int
    fingerprint: str
    duty: str
    rule: str
    labels: Labels
    severity: Severity
    state: State
    reason: str
    summary: str
    progress: int
    opened_at: datetime
    evaluated_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Alert:
        """From a row of the table `alert`."""
        fields = {name: row[name] for name in cls.__dataclass_fields__}
        return cls(**{**fields, "severity": Severity(row["severity"]), "state": State(row["state"])})


@dataclass(frozen=True, slots=True)
class Transition:
    """What happens to the alert of a fingerprint because of a verdict; `before` is None for an alert that is not open."""

    verdict: Verdict
    before: State | None
    after: State | None
    reason: Reason
    severity: Severity


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell one receiver through one channel. `content` is what its template needs, never rendered text.

    `accepted`: those of its receivers who have it already.
    """

    id: int
    key: str
    duty: str
    channel: str
    receiver: str
    group_key: str
    priority: int
    template: str
    subject: str
    content: Mapping[str, Any]
    attempts: int
    possible_repeat: bool
    accepted: Sequence[str]
    report_id: int | None
    created_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Message:
        """From a row of the table `message`."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report as people get it: `subject` of its mail, `title`, a self-contained HTML page, plain text, and a CSV file."""

    subject: str
    title: str
    html: str
    plain: str
    csv: str


@dataclass(frozen=True, slots=True)
class Composed:
    """A report that is due, or would be. `reason`: why now; None: nothing to send.

    `told`: what its receivers knew before; `told_until`: up to which transition it tells. `outcome`: what the run came to, for the log.
    """

    name: str
    audience: Audience
    reason: str | None
    told: Told
    told_until: int
    facts: Any
    outcome: str | None = None
    priority: int = Priority.NORMAL


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt to deliver. `why`: the error, or a remark on a delivery that was not whole.

    `accepted`: those of several receivers who have it. `outage`: the channel itself is at fault, not this receiver.
    """

    state: MessageState
    why: str | None = None
    accepted: Sequence[str] = ()
    outage: bool = False

    @classmethod
    def of(cls, error: DeliveryError) -> Outcome:
        """A failed attempt: over, to be repeated, or perhaps delivered and to be repeated all the same."""
        again = MessageState.UNCERTAIN if error.uncertain else MessageState.PENDING
        return cls(MessageState.FAILED if error.permanent else again, str(error), error.accepted, error.outage)

    @property
    def again(self) -> bool:
        """Whether it is to be tried again."""
        return self.state in (MessageState.PENDING, MessageState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a duty: which, since when it is due, how long its moment lasts, and what its trigger form said."""

    duty: str
    run_id: str
    run_after: datetime
    interval: timedelta | None = None
    organization: str | None = None
    send_emails: bool | None = None
    release_held: bool = False

    def is_past(self, now: datetime) -> bool:
        """Whether the present may no longer be stored as this run's: its moment ends when the next one is due."""
        return self.interval is not None and now >= self.run_after + self.interval
