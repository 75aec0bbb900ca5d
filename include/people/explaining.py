"""What would be told of an alert, to whom, when and why: the routes and the matrix, played for any moment. Pure, sends nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import get_args
from zoneinfo import ZoneInfo

from include.config.duties import DutyName
from include.config.section import PriorityName, SeverityName
from include.config.settings import Settings
from include.model import Severity
from include.people.addressing import Addressing, Recipient, Subject
from include.people.routing import every_step, told_at_once, told_in_digest

ALLOWED = {"severity": get_args(SeverityName), "priority": get_args(PriorityName), "duty": get_args(DutyName)}
# The severity that an alert would have of which only the priority is said.
SEVERITY_OF = {"critical": "critical", "high": "warning", "medium": "warning", "low": "info"}
EXAMPLE = "severity=critical,duty=database_connectivity,environment=prod"


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the explanation: the recipient, and when delivery begins, which quiet hours may put off."""

    recipient: Recipient
    at: datetime


def explain(settings: Settings, subject: Subject, default_receiver: str | None, at: datetime) -> list[Told]:
    """Everybody who would be told if nobody acknowledged, by time; who is named for two roles stands there twice."""
    telling = Addressing(settings, subject, default_receiver, at)
    now = [told(recipient, at) for recipient in (*told_at_once(telling), *told_in_digest(telling))]
    steps = every_step(settings, subject, at, default_receiver)
    later = [told(recipient, step.at) for step in steps for recipient in step.recipients]
    return sorted([*now, *later], key=lambda line: line.at)


def told(recipient: Recipient, at: datetime) -> Told:
    """When it begins, and why not before."""
    if recipient.held_until is None:
        return Told(recipient, at.astimezone(UTC))
    return Told(replace(recipient, reason=f"{recipient.reason}; held until quiet hours end"), recipient.held_until)


def read_moment(text: str, zone: ZoneInfo) -> datetime:
    """`2026-12-24T03:00`, in the zone unless it has an offset. Raises ValueError with what is allowed."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no moment; allowed: as in 2026-12-24T03:00 or 2026-12-24T03:00+01:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def read_subject(text: str, settings: Settings) -> Subject:
    """The alert that `severity=critical,duty=system_health,organization=acme` describes. Raises ValueError with what is allowed.

    Severity and priority follow from each other when only one is said; keys without a meaning of their own are labels.
    """
    words = pairs(text)
    for key, allowed in ALLOWED.items():
        if key in words and words[key] not in allowed:
            raise ValueError(f"{key}={words[key]} is not known; allowed: {', '.join(allowed)}")
    if not {"severity", "priority"} & set(words):
        raise ValueError(f"severity= or priority= is needed; allowed: as in {EXAMPLE}")
    severity = words.pop("severity", None) or SEVERITY_OF[words["priority"]]
    priority = settings.priorities.of(severity, words.pop("priority", None))
    return Subject(words.pop("duty", ""), words.pop("rule", ""), Severity(severity), priority, words)


def pairs(text: str) -> dict[str, str]:
    """All keys with their values. Raises ValueError for a key that is said twice."""
    found = [pair(part) for part in text.split(",") if part.strip()]
    key, times = Counter(key for key, _ in found).most_common(1)[0] if found else ("", 0)
    if times > 1:
        raise ValueError(f"{key} is said {times} times; allowed: once, as in {EXAMPLE}")
    return dict(found)


def pair(part: str) -> tuple[str, str]:
    """Key and value. Raises ValueError for anything else."""
    key, equals, value = (word.strip() for word in part.partition("="))
    if not (key and equals and value):
        raise ValueError(f"{part.strip()!r} is no key=value; allowed: as in {EXAMPLE}")
    return key, value
