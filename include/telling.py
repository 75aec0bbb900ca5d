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
from typing import Any, NamedTuple

from include.model import Alert, Reason, Severity, State

# More messages than this about one group within the time wait for each other.
BURST, BURST_TIME = 10, timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Pace:
    """How soon a group is told: after `wait` at first, then at most every `interval`, and again every `repeat`. Critical does not wait."""

    wait: timedelta = timedelta(seconds=30)
    interval: timedelta = timedelta(minutes=5)
    repeat: timedelta = timedelta(hours=4)


class Mark(NamedTuple):
    """How far an alert has gone, in the order in which it matters: how often it called for somebody, its severity, its progress."""

    calls: int
    rank: int
    progress: int

    @classmethod
    def of(cls, alert: Alert) -> Mark:
        """Of an alert as it stands."""
        return cls(alert.calls, alert.severity.rank, alert.progress)


@dataclass(frozen=True, slots=True)
class Known:
    """What a receiver knows of a group, or is being told at this moment: how far each of its alerts had gone when they heard of it.

    `face`: what an editing channel shows of it.
    """

    open: bool = False
    marks: Mapping[int, Mark] = field(default_factory=dict)
    face: str = ""
    person: str | None = None
    at: datetime | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Known:
        """From a row of `receiver_state`, or from what a message tells."""
        marks = {int(alert): Mark(*mark) for alert, mark in row["marks"].items()}
        return cls(row["open"], marks, row["face"], row["person"], row["at"])

    @property
    def severity(self) -> Severity | None:
        """The worst that they know of; None for nothing."""
        return list(Severity)[max(mark.rank for mark in self.marks.values())] if self.marks else None


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

    @property
    def shown(self) -> Sequence[Alert]:
        """All that is open to this receiver."""
        return [*self.telling, *self.kept]

    @property
    def attended(self) -> bool:
        """Whether somebody has acknowledged all of it that they are to be told of."""
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
    critical = may_not_wait(reason, known, view)
    due_at = due(reason, known, view, pace, now)
    if critical:
        due_at = now + BURST_TIME if recent >= BURST else now
    return Decision(Telling(reason, due_at, critical), next_at=due_at + pace.repeat if view.shown else None)


def reason_to_tell(known: Known, view: View, now: datetime, pace: Pace) -> Reason | None:
    """Why the receiver has to hear of it; None when they know what they need."""
    if not view.shown:
        return Reason.RECOVERED if known.open else None
    if new := fresh(known, view):
        return Reason.NO_DATA if all(alert.state is State.UNKNOWN for alert in new) else Reason.OPENED
    if raised(known, view):
        return Reason.WORSENED
    if critical_ends(known, view):
        return Reason.EASED
    again = repeat_at(known, view, pace)
    return Reason.REMINDED if again and again <= now else None


def may_not_wait(reason: Reason, known: Known, view: View) -> bool:
    """Whether any of it is critical: what is new, worse or told again, or what has ended, whatever else there is to tell."""
    news = view.telling if reason is Reason.REMINDED else (*fresh(known, view), *raised(known, view))
    if reason is Reason.RECOVERED and known.severity is Severity.CRITICAL:
        return True
    return bool(critical_ends(known, view)) or any(alert.is_critical for alert in news)


def fresh(known: Known, view: View) -> list[Alert]:
    """The alerts that the receiver does not know of."""
    return [alert for alert in view.telling if alert.id not in known.marks]


def raised(known: Known, view: View) -> list[Alert]:
    """The alerts that have gone further than the receiver knows, however bad others are."""
    return [alert for alert in view.telling if alert.id in known.marks and Mark.of(alert) > known.marks[alert.id]]


def critical_ends(known: Known, view: View) -> list[Alert]:
    """What has ended and is or was critical to the receiver's knowledge."""
    return [alert for alert in view.over if alert.is_critical or known.marks[alert.id].rank == Severity.CRITICAL.rank]


def due(reason: Reason, known: Known, view: View, pace: Pace, now: datetime) -> datetime:
    """When something that is not critical leaves."""
    if known.open and known.at:
        return max(now, known.at + pace.interval)
    return max(now, min(alert.fired_at or alert.opened_at for alert in view.telling) + pace.wait)


def correction(known: Known, view: View, now: datetime) -> Telling | None:
    """A channel that can edit shows what is; the reason is what changed most visibly."""
    if not (view.edits and known.open and view.face != known.face):
        return None
    reason = Reason.ACKNOWLEDGED if all(alert.acknowledged_by for alert in view.shown) else Reason.EASED
    return Telling(reason, now, quiet=True)


def repeat_at(known: Known, view: View, pace: Pace) -> datetime | None:
    """When the receiver is told again; None when not: of information only, of what somebody looks after, of what is silenced."""
    mere_information = all(alert.severity is Severity.INFO for alert in view.telling)
    if not known.open or not known.at or not view.telling or not view.repeats or mere_information or view.attended:
        return None
    return known.at + pace.repeat


def tells(view: View, person: str | None, known: Known) -> dict[str, Any]:
    """What the receiver knows once the message has arrived: the columns of `receiver_state`."""
    if not view.shown:
        return {"open": False, "marks": {}, "face": "", "person": person}
    kept = {alert.id: known.marks[alert.id] for alert in view.kept}
    return {"open": True, "marks": {**{alert.id: Mark.of(alert) for alert in view.telling}, **kept}, "face": view.face, "person": person}
