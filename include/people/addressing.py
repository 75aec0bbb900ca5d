"""Whom a role, a name or a channel stands for: scope, addresses and quiet hours. Pure.

Nobody gets what is outside their organisations; what then would reach nobody goes to the default receiver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from include.config.people import Person
from include.config.routes import IMPERSONAL
from include.config.section import EVERYTHING, Organizations, may_see
from include.config.settings import Settings
from include.model import Severity, is_critical
from include.people.calendars import end_of
from include.people.on_call import on_call

# Tried in this order for a person who has no address for any of the channels that were asked for.
LAST_RESORTS = ("email", "sms", "slack")
Scope = Organizations | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is told: the alert, as far as it decides who hears of it. Environment and organisation are labels."""

    duty: str
    rule: str
    severity: Severity
    priority: str
    labels: Mapping[str, str]

    @property
    def is_critical(self) -> bool:
        """Whether it breaks through quiet hours."""
        return is_critical(self.severity, self.priority)

    @property
    def organization(self) -> str | None:
        """Whose it is; None: nobody's in particular."""
        return self.labels.get("organization")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One who is told. `receiver`: the address; '' when there is nobody, which is recorded as no_receiver.

    `person`: the key in `people`; None for a channel's own receiver and for the default receiver. `reason`: a sentence.
    `zone`: in which times are written for it. `held_until`: the end of quiet hours, in UTC; None: at once.
    """

    channel: str
    receiver: str
    person: str | None
    role: str | None
    reason: str
    zone: str
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Addressing:
    """Who hears of one alert at one moment."""

    settings: Settings
    subject: Subject
    default_receiver: str | None
    at: datetime

    def role(self, role: str, channels: Sequence[str], reason: str) -> Iterator[Recipient]:
        """Whoever has the role, and the channels that reach no people."""
        others = [one for channel in channels if channel in IMPERSONAL for one in self.own(channel, reason, role=role)]
        yield from others
        if personal := [channel for channel in channels if channel not in IMPERSONAL]:
            yield from self.people(on_call(self.settings, role, self.at), personal, reason, role)
        elif not others:
            yield self.unseen(reason, role)

    def people(self, keys: Sequence[str], channels: Sequence[str], reason: str, role: str | None = None) -> Iterator[Recipient]:
        """Those of them who may see the alert; the default receiver when nobody may."""
        allowed = [key for key in keys if self.settings.people[key].may_see(self.subject.organization)]
        for key in allowed:
            yield from self.person(key, channels, reason, role)
        if not allowed:
            yield self.default(f"{reason}; {self.why_nobody(keys, role)}", role)

    def person(self, key: str, channels: Sequence[str], reason: str, role: str | None) -> Iterator[Recipient]:
        """One person, through each of the channels that reaches them, else through any."""
        person = self.settings.people[key]
        zone = person.zone or self.zone
        for channel in reaching(person, channels):
            yield Recipient(channel, person.address(channel) or "", key, role, reason, zone, self.held(person, zone))

    def own(
        self, channel: str, reason: str, receiver: str | None = None, role: str | None = None, scope: Scope = None
    ) -> Iterator[Recipient]:
        """A receiver that is no person, if it may see the alert; without a name, the channel's own, which has a scope in `channels`."""
        own = self.settings.channels
        allowed = scope or (EVERYTHING if receiver else own.scope(channel))
        if may_see(allowed, self.subject.organization):
            usual = own.slack.receiver if channel == "slack" else channel
            yield Recipient(channel, receiver or usual, None, role, reason, self.zone)

    def unseen(self, reason: str, role: str | None = None) -> Recipient:
        """The default receiver, where no receiver that is named may see the alert."""
        return self.default(f"{reason}; no receiver of it may see {self.seen}", role)

    def default(self, reason: str, role: str | None) -> Recipient:
        """The default receiver."""
        return Recipient("email", self.default_receiver or "", None, role, reason, self.zone)

    def held(self, person: Person, zone: str) -> datetime | None:
        """The end of the person's quiet hours for what can wait until then."""
        if self.subject.is_critical or person.quiet_hours is None:
            return None
        end = end_of(person.quiet_hours, self.at, ZoneInfo(zone))
        return end and end.astimezone(UTC)

    def why_nobody(self, keys: Sequence[str], role: str | None) -> str:
        """Why the default receiver gets it."""
        if not keys:
            return f"nobody is {role}"
        return f"{', '.join(keys)} may not see {self.seen}"

    @property
    def seen(self) -> str:
        """What somebody may see or not."""
        return f"alerts of {self.subject.organization}" if self.subject.organization else "alerts without an organisation"

    @property
    def zone(self) -> str:
        """Where times are written for whoever has no zone."""
        return self.settings.monitoring.zone


def reaching(person: Person, channels: Sequence[str]) -> list[str]:
    """Those of the channels that reach the person; else the first that does, as one does for everybody."""
    wanted = [channel for channel in channels if person.address(channel)]
    return wanted or [next(channel for channel in LAST_RESORTS if person.address(channel))]
