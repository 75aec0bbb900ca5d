"""What a receiver is to be told of a group of alerts: what there is to see, against what they know. Pure, and always for a named reason.

Nothing here asks what happened in between. That is why a receiver who was told of a problem hears of its end exactly once, whatever
silences, quiet hours, restarts and reroutings lay between: their knowledge is compared with the present, and differs or does not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from include.model import Alert, Priority, Reason, Severity, State

# More messages than this about one group within the time wait for each other.
BURST, BURST_TIME = 10, timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Pace:
    """How soon a group is told: after `wait` at first, then at most every `interval`, and again every `repeat`. Critical does not wait."""

    wait: timedelta = timedelta(seconds=30)
    interval: timedelta = timedelta(minutes=5)
    repeat: timedelta = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Known:
    """What a receiver knows of a group, or is being told at this moment. `face`: what an editing channel shows of it."""

    open: bool = False
    severity: Severity | None = None
    progress: int = 0
    alerts: frozenset[int] = frozenset()
    face: str = ""
    person: str | None = None
    at: datetime | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Known:
        """From a row of `receiver_state`, or from what a message tells."""
        severity = row["severity"] and Severity(row["severity"])
        return cls(row["open"], severity, row["progress"], frozenset(row["alerts"]), row["face"], row["person"], row["at"])


@dataclass(frozen=True)
class View:
    """What there is for a receiver to see of a group.

    `telling`: open alerts that they are to be told of. `kept`: open alerts that they know of and are not told of now, as under a silence.
    `over`: alerts that they know of and that have ended. `edits`: whether the channel can change what it showed.
    """

    telling: Sequence[Alert]
    kept: Sequence[Alert] = ()
    over: Sequence[Alert] = ()
    edits: bool = False
    repeats: bool = True

    @cached_property
    def worst(self) -> tuple[int, int]:
        """(rank of severity, progress) of the worst alert that they are to be told of."""
        return max(((alert.severity.rank, alert.progress) for alert in self.telling), default=(0, 0))

    @property
    def shown(self) -> Sequence[Alert]:
        """All that is open to this receiver."""
        return [*self.telling, *self.kept]

    @property
    def attended(self) -> bool:
        """Whether somebody has acknowledged all of it."""
        return all(alert.acknowledged_by for alert in self.telling)

    @cached_property
    def face(self) -> str:
        """16 hex digits: another one when anything that people see of the group is another."""
        seen = sorted((alert.id, alert.state, alert.severity, alert.acknowledged_by or "") for alert in self.shown)
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Telling:
    """What to do: tell, for this reason, at this time. `quiet`: only correct what is shown, nobody needs to look."""

    reason: Reason
    due_at: datetime
    critical: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a receiver is told now, if anything; and when to ask again although nothing changes."""

    telling: Telling | None = None
    next_at: datetime | None = field(default=None)


def decide(known: Known, view: View, pace: Pace, recent: int, now: datetime) -> Decision:
    """Compare what a receiver knows with what there is. `recent`: how many messages of this group they got within BURST_TIME."""
    reason = reason_to_tell(known, view, now, pace)
    if reason is None:
        return Decision(correction(known, view, now), next_at=repeat_at(known, view, pace))
    critical = is_critical(reason, known, view)
    due_at = due(reason, known, view, pace, now)
    if critical:
        due_at = now + BURST_TIME if recent >= BURST else now
    return Decision(Telling(reason, due_at, critical), next_at=due_at + pace.repeat if view.shown else None)


def reason_to_tell(known: Known, view: View, now: datetime, pace: Pace) -> Reason | None:
    """Why the receiver has to hear of it; None when they know what they need."""
    if not view.shown:
        return Reason.RECOVERED if known.open else None
    if not view.telling:
        return None
    if new := fresh(known, view):
        return Reason.NO_DATA if all(alert.state is State.UNKNOWN for alert in new) else Reason.OPENED
    if known.severity is None or view.worst > (known.severity.rank, known.progress):
        return Reason.WORSENED
    if any(alert.severity is Severity.CRITICAL for alert in view.over):
        return Reason.EASED
    again = repeat_at(known, view, pace)
    return Reason.REMINDED if again and again <= now else None


def is_critical(reason: Reason, known: Known, view: View) -> bool:
    """Whether it may not wait: a critical alert that is new or worse, or the end of one."""
    if reason in (Reason.RECOVERED, Reason.EASED):
        return known.severity is Severity.CRITICAL or any(alert.severity is Severity.CRITICAL for alert in view.over)
    return any(alert.severity is Severity.CRITICAL for alert in fresh(known, view) or view.telling)


def fresh(known: Known, view: View) -> list[Alert]:
    """The alerts that the receiver does not know of."""
    return [alert for alert in view.telling if alert.id not in known.alerts]


def due(reason: Reason, known: Known, view: View, pace: Pace, now: datetime) -> datetime:
    """When something that is not critical leaves."""
    if known.open and known.at:
        return max(now, known.at + pace.interval)
    return max(now, min(alert.fired_at or alert.opened_at for alert in view.telling) + pace.wait)


def correction(known: Known, view: View, now: datetime) -> Telling | None:
    """A channel that can edit shows what is; the reason is what changed most visibly."""
    if not (view.edits and known.open and view.face != known.face):
        return None
    reason = Reason.ACKNOWLEDGED if any(alert.state is State.ACKNOWLEDGED for alert in view.shown) else Reason.EASED
    return Telling(reason, now, quiet=True)


def repeat_at(known: Known, view: View, pace: Pace) -> datetime | None:
    """When the receiver is told again; None when not: of information only, of what somebody looks after, of what is silenced."""
    mere_information = view.worst[0] <= Severity.INFO.rank
    if not known.open or not known.at or not view.telling or not view.repeats or mere_information or view.attended:
        return None
    return known.at + pace.repeat


def tells(view: View, person: str | None, known: Known) -> dict[str, Any]:
    """What the receiver knows once the message has arrived: the columns of `receiver_state`."""
    if not view.shown:
        return {"open": False, "severity": None, "progress": 0, "alerts": [], "face": "", "person": person}
    before = (known.severity.rank, known.progress) if known.severity and view.kept else (0, 0)
    rank, progress = max(view.worst, before)
    return {
        "open": True,
        "severity": list(Severity)[rank],
        "progress": progress,
        "alerts": sorted(alert.id for alert in view.shown),
        "face": view.face,
        "person": person,
    }


def priority_of(severity: Severity, chosen: Priority | None) -> Priority:
    """The rule's own choice, else by severity: critical critical, warning medium, info low."""
    by_severity = {Severity.CRITICAL: Priority.CRITICAL, Severity.WARNING: Priority.MEDIUM}
    return chosen or by_severity.get(severity, Priority.LOW)
