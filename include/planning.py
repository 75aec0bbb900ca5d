"""What becomes of a group of alerts: who is to be told what of it now, and when to look again. Pure: others read and write the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from include.config.settings import Settings
from include.message import MessageState, Urgency
from include.model import Alert, Reason, Traits
from include.news import News
from include.people.addressing import Recipient
from include.silences.silencing import Quiet, Suppression, next_change
from include.store import Row
from include.store.groups import Group, Place
from include.store.text import dumps
from include.telling import Known, Mark, Pace, Telling, View, decide, tells


class Directory(Protocol):
    """Who is told of what, and how their channels stand."""

    def routes(self, alert: Alert, now: datetime) -> Sequence[Recipient]:
        """Who is told at once."""
        ...

    def steps(self, alert: Alert) -> Sequence[tuple[datetime, Sequence[Recipient]]]:
        """Whom the matrix brings in, and when, for as long as nobody acknowledges the alert."""
        ...

    def known(self, place: Place, person: str | None, now: datetime) -> Recipient:
        """Somebody who was told before, whatever the routes say now."""
        ...

    def standing(self, channel: str, receiver: str | None) -> tuple[MessageState, str | None]:
        """Whether a message can leave, and why not."""
        ...

    def edits(self, channel: str) -> bool:
        """Whether the channel can change what it showed."""
        ...

    def traits(self, duty: str, rule: str) -> Traits:
        """What a rule is like."""
        ...

    def link(self, duty: str) -> str | None:
        """Where a duty is shown."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A receiver of a group, and the alerts of it that they are to be told of."""

    recipient: Recipient
    alerts: dict[int, Alert] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What one receiver of a group is told: a message, if any; what is withdrawn; when to ask again."""

    message: Row | None
    withdrawn: Sequence[int]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one group: messages to write, ids of those to withdraw, why its alerts are quiet, and when to look again."""

    group: Group
    messages: Sequence[Row]
    withdrawn: Sequence[int]
    quiets: Mapping[int, Quiet | None]
    next_at: datetime | None


@dataclass(frozen=True)
class Planning:
    """Plans at one moment. `suppression`: what keeps messages back then."""

    settings: Settings
    directory: Directory
    suppression: Suppression
    now: datetime

    def plan(self, group: Group) -> Plan:
        """What becomes of one group."""
        quiets = {alert.id: self.suppression.of(alert) for alert in group.alerts if alert.is_open}
        audience = self.audience([alert for alert in group.alerts if alert.is_open and not quiets[alert.id]])
        places = {**group.known, **group.unsent, **audience}
        told = [self.tell(group, place, audience.get(place)) for place in places]
        begins = (self.suppression.begins(alert) for alert in group.alerts if alert.is_open and not quiets[alert.id])
        times = [*(one.next_at for one in told), next_change(quiets.values()), *begins, self.next_step(group, quiets)]
        return Plan(
            group,
            [one.message for one in told if one.message],
            [id for one in told for id in one.withdrawn],
            quiets,
            min((at for at in times if at and at > self.now), default=None),
        )

    def audience(self, alerts: Sequence[Alert]) -> dict[Place, Seen]:
        """Who is to be told of these alerts now."""
        seen: dict[Place, Seen] = {}
        for alert in alerts:
            for recipient in (*self.directory.routes(alert, self.now), *self.escalated(alert)):
                seen.setdefault((recipient.channel, recipient.receiver), Seen(recipient)).alerts[alert.id] = alert
        return seen

    def escalated(self, alert: Alert) -> Iterator[Recipient]:
        """Whom the matrix has brought in by now. Nobody while somebody looks after it."""
        if not alert.acknowledged_by:
            for at, recipients in self.directory.steps(alert):
                if at <= self.now:
                    yield from recipients

    def next_step(self, group: Group, quiets: Mapping[int, Quiet | None]) -> datetime | None:
        """When the matrix brings in somebody else."""
        alone = [alert for alert in group.alerts if alert.is_open and not quiets[alert.id] and not alert.acknowledged_by]
        return min((at for alert in alone for at, _ in self.directory.steps(alert) if at > self.now), default=None)

    def tell(self, group: Group, place: Place, seen: Seen | None) -> Told:
        """What one receiver is told, if anything; what waits to leave and is not what they are told now is withdrawn."""
        known = group.known.get(place, Known())
        view = view_of(group, known, seen, self.directory.edits(place[0]), self.directory.traits(group.duty, group.rule).repeats)
        decision = decide(known, view, self.pace, group.recent.get(place, 0), self.now)
        unsent = group.unsent.get(place, {})
        if decision.telling is None:
            return Told(None, withdrawable(unsent.values(), news=False), decision.next_at)
        recipient = seen.recipient if seen else self.directory.known(place, known.person, self.now)
        key = key_of(group, place, known, view, decision.telling)
        news = bool(view.shown) and not decision.telling.quiet
        others = withdrawable([row for other, row in unsent.items() if other != key], news=news)
        message = self.message(group, recipient, known, view, decision.telling, key)
        waiting = unsent.get(key)
        if waiting and (waiting["due_at"] > self.now or waiting["state"] == message["state"] == MessageState.PENDING):
            return Told(None, others, waiting["due_at"] if waiting["due_at"] > self.now else decision.next_at)
        waits = message["state"] == MessageState.HELD or decision.telling.due_at > self.now
        return Told(message, others, datetime.fromisoformat(message["due_at"]) if waits else decision.next_at)

    def message(self, group: Group, recipient: Recipient, known: Known, view: View, telling: Telling, key: str) -> Row:
        """The message as a row of the outbox."""
        described = {"key": group.key, "duty": group.duty, "rule": group.rule, "labels": dict(group.labels)}
        todo = self.directory.traits(group.duty, group.rule).todo
        news = News(described, view, known, telling.reason, recipient.reason, recipient.zone, todo, self.now)
        state, error, due_at = self.standing(recipient, telling)
        return {
            "key": key,
            "duty": group.duty,
            "channel": recipient.channel,
            "receiver": recipient.receiver,
            "group_key": group.key,
            "priority": Urgency.CRITICAL if telling.critical else Urgency.NORMAL,
            "subject": news.subject,
            "content": {**news.content(), "link": self.directory.link(group.duty), "person": recipient.person, "quiet": telling.quiet},
            "tells": tells(view, recipient.person, known),
            "reason": telling.reason,
            "state": state,
            "alert_id": next((alert.id for alert in (*view.shown, *view.over)), None),
            "due_at": due_at.isoformat(),
            "error": error,
        }

    def standing(self, recipient: Recipient, telling: Telling) -> tuple[MessageState, str | None, datetime]:
        """Whether the message may leave, why not, and when."""
        state, error = self.directory.standing(recipient.channel, recipient.receiver)
        until = recipient.held_until
        if state is MessageState.PENDING and until and until > self.now and not telling.critical:
            return MessageState.HELD, f"{Reason.HELD}: quiet hours until {until.isoformat()}", until
        return state, error, telling.due_at

    @cached_property
    def pace(self) -> Pace:
        """How soon and how often."""
        chosen = self.settings.alerts
        return Pace(chosen.group_wait, chosen.group_interval, chosen.repeat_interval)


def withdrawable(unsent: Iterable[Row], *, news: bool) -> list[int]:
    """Which messages need not leave. One that may have left, as far as a dead sender knows, gives way only to newer news of the problem:
    else an end could be all that is heard of it."""
    return [row["id"] for row in unsent if news or not row["possible_repeat"]]


def view_of(group: Group, known: Known, seen: Seen | None, edits: bool, repeats: bool) -> View:
    """What there is for a receiver to see."""
    telling = seen.alerts if seen else {}
    mine = [alert for alert in group.alerts if alert.id in known.marks and alert.id not in telling]
    kept = [alert for alert in mine if alert.is_open]
    return View(list(telling.values()), kept, [alert for alert in mine if not alert.is_open], edits, repeats)


def key_of(group: Group, place: Place, known: Known, view: View, telling: Telling) -> str:
    """The message's identity: what it tells, to whom, and after what. The same plan twice is one message."""
    seen = sorted((alert.id, str(alert.changed_at), str(Mark.of(alert))) for alert in (*view.shown, *view.over))
    words: list[Any] = [place, telling.reason, telling.quiet, seen, str(known.at)]
    return f"alert/{group.key}/{hashlib.sha256(dumps(words).encode()).hexdigest()[:24]}"
