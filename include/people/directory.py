"""Who is told of an alert, as the configuration has it now, and how their channels stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from include.config.people import Person
from include.config.routes import IMPERSONAL
from include.config.section import may_see
from include.config.settings import Settings
from include.message import MessageState
from include.model import Alert, Traits
from include.people.addressing import Recipient, Subject
from include.people.calendars import end_of
from include.people.routing import escalation, recipients
from include.store.groups import Place
from include.writing.links import duty_link

Standing = Callable[[str, str | None], tuple[MessageState, str | None]]


@dataclass
class Directory:
    """Looks people and places up, each question once for a moment. `standing`: whether a message can leave through a channel, and why not;
    `editing`: the channels that can change what they showed; `resting`: those that are out of order at the moment; `ui`: the address of the
    Airflow UI."""

    settings: Settings
    default_receiver: str | None
    standing: Standing
    traits_of: Callable[[str], Traits]
    editing: frozenset[str] = frozenset()
    resting: Callable[[], frozenset[str]] = frozenset
    answers: dict[Any, Any] = field(default_factory=dict)
    moment: datetime | None = None
    ui: str | None = None

    def routes(self, alert: Alert, now: datetime) -> Sequence[Recipient]:
        """Who is told at once; while a channel is out of order, through another one as well."""
        self.at(now)
        subject = self.subject(alert)
        asked = ("routes", *key_of(subject))
        found: list[Recipient] = self.once(asked, lambda: list(self.reachable(self.recipients(subject, now), subject)))
        return found

    def steps(self, alert: Alert) -> Sequence[tuple[datetime, Sequence[Recipient]]]:
        """Whom the matrix brings in, and when, for as long as nobody acknowledges the alert."""
        since, subject = alert.unattended_since, self.subject(alert)
        if since is None:
            return []
        found: list[tuple[datetime, list[Recipient]]] = self.once(("steps", since, *key_of(subject)), lambda: self.matrix(subject, since))
        return found

    def known(self, place: Place, person: str | None, now: datetime) -> Recipient:
        """Somebody who was told before, whatever the routes say now."""
        somebody = self.settings.people.get(person or "")
        zone = (somebody and somebody.zone) or self.settings.monitoring.zone
        return Recipient(*place, person, None, "you were told of the problem", zone, held(somebody, zone, now))

    def link(self, duty: str) -> str | None:
        """Where a duty is shown."""
        return duty_link(self.ui, duty)

    def edits(self, channel: str) -> bool:
        """Whether the channel can change what it showed."""
        return channel in self.editing

    def traits(self, duty: str, rule: str) -> Traits:
        """What a rule is like."""
        return self.traits_of(rule)

    def recipients(self, subject: Subject, now: datetime) -> list[Recipient]:
        """By the routes."""
        return recipients(self.settings, subject, self.default_receiver, now)

    def matrix(self, subject: Subject, since: datetime) -> list[tuple[datetime, list[Recipient]]]:
        """By the matrix."""
        steps = escalation(self.settings, subject, since, self.default_receiver)
        return [(step.at, [self.as_of_now(one, subject) for one in self.reachable(step.recipients, subject)]) for step in steps]

    def as_of_now(self, recipient: Recipient, subject: Subject) -> Recipient:
        """Whoever was brought in some time ago is told further news by the quiet hours of now."""
        person = self.settings.people.get(recipient.person or "")
        quiet = None if subject.is_critical or self.moment is None else held(person, recipient.zone, self.moment)
        return replace(recipient, held_until=quiet)

    def reachable(self, told: Sequence[Recipient], subject: Subject) -> Iterator[Recipient]:
        """All of them, and for each whose channel is out of order the same person through the next channel that is not."""
        resting = self.once("resting", self.resting)
        for recipient in told:
            yield recipient
            if recipient.channel in resting:
                yield from self.stand_in(recipient, resting, subject)

    def stand_in(self, recipient: Recipient, resting: frozenset[str], subject: Subject) -> Iterator[Recipient]:
        """The first other way to tell it that is configured and not out of order."""
        for other in self.other_ways(recipient, subject.organization):
            if other.channel not in resting and self.standing(other.channel, other.receiver)[0] is MessageState.PENDING:
                yield replace(other, reason=f"{recipient.reason}; {recipient.channel} is out of order")
                return

    def other_ways(self, recipient: Recipient, organization: str | None) -> Iterator[Recipient]:
        """The same person by another address, then whoever is told of what reaches nobody and may see it, as in `alerts.fallback`."""
        person = self.settings.people.get(recipient.person or "")
        for channel in self.settings.alerts.fallback:
            if address := person and person.address(channel):
                yield replace(recipient, channel=channel, receiver=address)
        for channel in self.settings.alerts.fallback:
            if (place := self.places.get(channel)) and may_see(self.settings.channels.scope(channel), organization):
                yield replace(recipient, channel=channel, receiver=place, person=None, held_until=None)

    @cached_property
    def places(self) -> dict[str, str | None]:
        """What each channel reaches that is no person in particular."""
        own = {channel: channel for channel in IMPERSONAL}
        return {**own, "email": self.default_receiver, "slack": self.settings.channels.slack.receiver}

    def subject(self, alert: Alert) -> Subject:
        """What decides about an alert's receivers: only those labels that anything asks for."""
        labels = {name: value for name, value in alert.labels.items() if name in self.labels_asked_for}
        return Subject(alert.duty, alert.rule, alert.severity, alert.priority, labels)

    @cached_property
    def labels_asked_for(self) -> frozenset[str]:
        """The labels that routes name, and those that always count."""
        return frozenset({"environment", "organization", *(label for route in self.settings.routes for label in route.match.labels)})

    def at(self, now: datetime) -> None:
        """Answers are for one moment."""
        if now != self.moment:
            self.answers.clear()
            self.moment = now

    def once(self, question: Any, answer: Callable[[], Any]) -> Any:
        """The answer, thought of once."""
        if question not in self.answers:
            self.answers[question] = answer()
        return self.answers[question]


def key_of(subject: Subject) -> tuple[Any, ...]:
    """The same for the same receivers."""
    return (subject.duty, subject.rule, subject.severity, subject.priority, frozenset(subject.labels.items()))


def held(person: Person | None, zone: str, now: datetime) -> datetime | None:
    """The end of somebody's quiet hours, if they are now."""
    end = end_of(person.quiet_hours, now, ZoneInfo(zone)) if person and person.quiet_hours else None
    return end and end.astimezone(UTC)
