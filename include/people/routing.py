"""Who is told of an alert: at once by the routes, and by the escalation matrix while nobody acknowledges it.

Pure: the same configuration, alert and moment, the same people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from include.config.calendars import OFFICE
from include.config.duties import DIGEST_DUTIES, section_of
from include.config.routes import EscalationStep, Match, Route, Target
from include.config.settings import Settings
from include.config.times import write_delay
from include.model import aware
from include.people.addressing import Addressing, Recipient, Subject
from include.people.calendars import is_business, next_business_day

__all__ = ["Recipient", "Step", "Subject", "escalation", "recipients"]

# The short form: who hears of it through a channel that a duty's `alert_channels` names. The other channels have a receiver of their own.
ROLE_OF = {"email": "administrator", "sms": "on_call"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the matrix: when it is due, in UTC, how long after nobody acknowledged, and who is told then."""

    at: datetime
    after: timedelta
    recipients: tuple[Recipient, ...]


def recipients(settings: Settings, subject: Subject, default_receiver: str | None, at: datetime) -> list[Recipient]:
    """Who is told at once, each receiver of a channel once. The log hears of every change where it is made."""
    return merged(told_at_once(Addressing(settings, subject, default_receiver, aware(at))))


def escalation(settings: Settings, subject: Subject, since: datetime, default_receiver: str | None) -> list[Step]:
    """Every step for an alert that nobody has acknowledged since then, by time; who has a role is decided for that time.

    Each receiver of a channel once in a step. A step that reaches nobody, as by mail for a duty whose mail is a digest, has no recipients.
    """
    return [replace(step, recipients=tuple(merged(step.recipients))) for step in every_step(settings, subject, since, default_receiver)]


def merged(found: Iterable[Recipient]) -> list[Recipient]:
    """Each receiver of a channel once; the first reason wins."""
    first: dict[tuple[str, str], Recipient] = {}
    for recipient in found:
        first.setdefault((recipient.channel, recipient.receiver), recipient)
    return list(first.values())


def told_at_once(telling: Addressing) -> Sequence[Recipient]:
    """By the routes that match, else by the short form. A receiver may stand twice."""
    if found := list(matching(telling)):
        reasons = [f"route {number}: {described(route.match)}" for number, route in found]
        told = [one for reason, (_, route) in zip(reasons, found, strict=True) for to in route.to for one in by_target(telling, to, reason)]
        return told or [telling.unseen(reasons[0])]
    channels, reason = short_form(telling)
    told = list(by_short_form(telling))
    return [telling.unseen(reason)] if channels and not told else list(without_digest(telling, told))


def told_in_digest(telling: Addressing) -> Iterator[Recipient]:
    """Who gets it by mail, not by itself but in a report, whatever the routes say."""
    if telling.subject.duty in DIGEST_DUTIES:
        mailed = (one for one in by_short_form(telling) if one.channel == "email")
        yield from (replace(one, reason=one.reason.replace("alert_channels", "the digest", 1)) for one in mailed)


def by_target(telling: Addressing, target: Target, reason: str) -> Iterator[Recipient]:
    """By one entry of a route."""
    if target.role:
        yield from telling.role(target.role, [target.channel], reason)
    elif target.person:
        yield from telling.people([target.person], [target.channel], reason)
    else:
        yield from telling.own(target.channel, reason, target.receiver, scope=target.organizations)


def by_short_form(telling: Addressing) -> Iterator[Recipient]:
    """Through the channels of the duty."""
    channels, reason = short_form(telling)
    for channel in channels:
        if channel in ROLE_OF:
            yield from telling.role(ROLE_OF[channel], [channel], reason)
        else:
            yield from telling.own(channel, reason)


def short_form(telling: Addressing) -> tuple[Sequence[str], str]:
    """The `alert_channels` of the duty, and what to call them; a duty without a section has e-mail."""
    name = section_of(telling.subject.duty)
    section = getattr(telling.settings.monitoring, name, None)
    return getattr(section, "alert_channels", ("email",)), f"alert_channels of {name or 'any duty'}"


def every_step(settings: Settings, subject: Subject, since: datetime, default_receiver: str | None) -> list[Step]:
    """As `escalation`, but a receiver with several roles stands in a step once for each."""
    begun, priority = aware(since).astimezone(UTC), subject.priority
    timed = [(due(settings, step, begun), number, step) for number, step in enumerate(settings.escalation.of(priority), 1)]
    return [
        Step(at, at - begun, tuple(by_step(Addressing(settings, subject, default_receiver, at), step, number)))
        for at, number, step in sorted(timed, key=lambda found: found[:2])
    ]


def by_step(telling: Addressing, step: EscalationStep, number: int) -> Iterator[Recipient]:
    """By one step of the matrix. What is critical is told by itself whatever digest there is."""
    priority = telling.subject.priority
    channels = step.channels or (("email", "sms") if priority == "critical" else ("email",))
    for role in step.roles:
        told = telling.role(role, channels, f"escalation {priority}, step {number}: {role} {waited(step)}")
        yield from told if priority == "critical" else without_digest(telling, told)


def due(settings: Settings, step: EscalationStep, since: datetime) -> datetime:
    """When the step is taken, in UTC; `since` is in UTC, too."""
    if isinstance(step.after, timedelta):
        return since + step.after
    return next_business_day(settings.calendar(step.calendar or OFFICE), since).astimezone(UTC)


def waited(step: EscalationStep) -> str:
    """How long nobody has acknowledged."""
    if isinstance(step.after, timedelta):
        return f"after {write_delay(step.after)}" if step.after else "at once"
    return "on the next business day"


def without_digest(telling: Addressing, told: Iterable[Recipient]) -> Iterator[Recipient]:
    """A duty that mails a digest mails no alert by itself."""
    return (one for one in told if not (one.channel == "email" and telling.subject.duty in DIGEST_DUTIES))


def matching(telling: Addressing) -> Iterator[tuple[int, Route]]:
    """The routes that count, with their numbers from 1: the first that matches, and further ones while they `continue`."""
    for number, route in enumerate(telling.settings.routes, 1):
        if matches(telling, route.match):
            yield number, route
            if not route.further:
                return


def matches(telling: Addressing, match: Match) -> bool:
    """Whether all that is named holds."""
    subject = telling.subject
    wanted = [
        ([section_of(duty) for duty in match.duty], section_of(subject.duty)),
        (match.rule, subject.rule),
        (match.severity, subject.severity),
        (match.priority, subject.priority),
        (match.environment, subject.labels.get("environment")),
        *((values, subject.labels.get(label)) for label, values in match.labels.items()),
    ]
    return all(found in values for values, found in wanted if values) and in_time(telling, match)


def in_time(telling: Addressing, match: Match) -> bool:
    """Whether the moment lies within the one calendar's business hours and outside the other's."""
    within, outside = (name and telling.settings.calendar(name) for name in (match.calendar, match.outside))
    return not (within and not is_business(within, telling.at)) and not (outside and is_business(outside, telling.at))


def described(match: Match) -> str:
    """The match in words, as `duty system_health, severity critical or warning`."""
    words = match.model_dump(exclude={"labels"}, exclude_defaults=True) | match.labels
    return ", ".join(f"{key} {value if isinstance(value, str) else ' or '.join(value)}" for key, value in words.items()) or "every alert"
