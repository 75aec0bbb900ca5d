"""Who is told of which alert: routes at once, the escalation matrix for what nobody acknowledges."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, field_validator, model_validator

from include.config.duties import DutyName
from include.config.section import ChannelName, Organizations, PriorityName, Section, SeverityName, listed
from include.config.times import delay, write_delay
from include.config.types import Switch, email_address, phone_number, slack_place

NEXT_BUSINESS_DAY = "next_business_day"
# Channels that have a receiver of their own, and reach no people.
IMPERSONAL = frozenset({"pagerduty", "webhook", "log"})
ADDRESSES = {"email": email_address, "sms": phone_number, "slack": slack_place}

Words = Annotated[tuple[str, ...], BeforeValidator(listed)]
Wait = Literal["next_business_day"]
After = Annotated[
    timedelta | Wait,
    BeforeValidator(lambda value: value if value == NEXT_BUSINESS_DAY else delay(value)),
    PlainSerializer(lambda value: value if value == NEXT_BUSINESS_DAY else write_delay(value)),
]


class Match(Section):
    """Which alerts a route is for: all that is named must hold, and of several values one. What is not named may be anything."""

    duty: Annotated[tuple[DutyName, ...], BeforeValidator(listed)] = ()
    """The duty, by its DAG or its section in this file."""
    rule: Words = ()
    """The rule's name."""
    severity: Annotated[tuple[SeverityName, ...], BeforeValidator(listed)] = ()
    """`critical`, `warning`, `info`."""
    priority: Annotated[tuple[PriorityName, ...], BeforeValidator(listed)] = ()
    """`critical`, `high`, `medium`, `low`."""
    environment: Words = ()
    """The label `environment`."""
    labels: dict[str, Words] = Field(default_factory=dict)
    """Any label with its value or values."""
    calendar: str | None = None
    """Only within the business hours of this calendar."""
    outside: str | None = None
    """Only outside the business hours of this calendar."""


class Target(Section):
    """Whom a route tells: one role, one person, or one receiver."""

    channel: ChannelName
    """Through what."""
    role: str | None = None
    """Whoever has the role then."""
    person: str | None = None
    """A short name in `people`."""
    receiver: str | None = None
    """An address of the channel, as in `#ops`; not needed where the channel has one of its own: Slack, PagerDuty, webhook, log."""
    organizations: Organizations | None = None
    """The slugs of what a receiver may get, as for people; none: everything, or what `channels` says of the channel's own receiver."""

    @model_validator(mode="after")
    def one(self) -> Target:
        """Exactly one, and one that the channel can reach."""
        named = [name for name in ("role", "person", "receiver") if getattr(self, name)]
        if len(named) > 1:
            raise ValueError(f"{' and '.join(named)} at once; allowed: one of role, person, receiver")
        if not named and self.channel in ("email", "sms"):
            raise ValueError(f"reaches nobody; allowed: a role, a person or a receiver, as in {{channel: {self.channel}, role: on_call}}")
        if self.channel in IMPERSONAL and (self.role or self.person):
            raise ValueError(f"{self.channel} reaches no people; allowed: {{channel: {self.channel}}}")
        if self.organizations and (self.role or self.person):
            raise ValueError(f"organizations of a {named[0]}; allowed: with a receiver, and those of people in `people`")
        if self.receiver and self.channel in ADDRESSES:
            ADDRESSES[self.channel](self.receiver)
        return self


class Route(Section):
    """Whom to tell of what. The first route that matches counts, unless it says `continue`."""

    match: Match = Match()
    """Which alerts; without it, all."""
    to: tuple[Target, ...]
    """Whom."""
    further: Switch = Field(default=False, alias="continue")
    """Whether the routes after this one count too."""

    @field_validator("to")
    @classmethod
    def somebody(cls, to: tuple[Target, ...]) -> tuple[Target, ...]:
        """At least one."""
        if not to:
            raise ValueError("a route that reaches nobody; allowed: at least one, as in [{channel: email, role: on_call}]")
        return to


class EscalationStep(Section):
    """Who is told of an alert that nobody has acknowledged for so long."""

    after: After
    """`0s` is at once; `next_business_day` is when business begins on the next day that has any."""
    roles: Words
    """Whoever has these roles then."""
    channels: Annotated[tuple[ChannelName, ...], BeforeValidator(listed)] | None = None
    """Through what; none: `[email, sms]` for critical, else `[email]`."""
    calendar: str | None = None
    """The calendar of `next_business_day`; none: `office`."""

    @field_validator("roles")
    @classmethod
    def somebody(cls, roles: tuple[str, ...]) -> tuple[str, ...]:
        """At least one."""
        if not roles:
            raise ValueError("a step without roles; allowed: at least one, as in [on_call]")
        return roles

    @field_validator("channels")
    @classmethod
    def somehow(cls, channels: tuple[ChannelName, ...] | None) -> tuple[ChannelName, ...] | None:
        """At least one, when they are named."""
        if channels == ():
            raise ValueError("a step without channels; allowed: at least one, as in [email, sms]")
        if channels and set(channels) == {"log"}:
            raise ValueError("a step that reaches nobody; allowed: also another channel than the log, as in [email, sms]")
        return channels

    @model_validator(mode="after")
    def of_use(self) -> EscalationStep:
        """A calendar counts for `next_business_day` alone."""
        if self.calendar and self.after != NEXT_BUSINESS_DAY:
            raise ValueError(f"calendar {self.calendar!r} goes unread; allowed: with after: next_business_day")
        return self


def steps(value: tuple[EscalationStep, ...]) -> tuple[EscalationStep, ...]:
    """At least one."""
    if not value:
        raise ValueError("an escalation without steps; allowed: at least one, as in [{after: 15m, roles: [team_lead]}]")
    return value


Steps = Annotated[tuple[EscalationStep, ...], AfterValidator(steps)]


class Escalation(Section):
    """The matrix: for each priority its steps. They are cumulative; acknowledging an alert stops them."""

    critical: Steps = (EscalationStep(after=timedelta(0), roles=("on_call", "manager")),)
    """Production down."""
    high: Steps = (EscalationStep(after=timedelta(minutes=15), roles=("on_call_engineer",)),)
    """Soon critical."""
    medium: Steps = (EscalationStep(after=timedelta(hours=1), roles=("development_team",)),)
    """To be seen to today."""
    low: Steps = (EscalationStep(after="next_business_day", roles=("team_lead",)),)
    """To be seen to some time."""

    def of(self, priority: str) -> tuple[EscalationStep, ...]:
        """The steps of a priority."""
        found: tuple[EscalationStep, ...] = getattr(self, priority)
        return found


class Priorities(Section):
    """Which priority an alert has by its severity. A rule may choose another, as it does for `high`."""

    critical: PriorityName = "critical"
    """Of critical alerts."""
    warning: PriorityName = "medium"
    """Of warnings."""
    info: PriorityName = "low"
    """Of what is only to be known."""

    def of(self, severity: str, chosen: str | None = None) -> str:
        """The priority of a severity, unless another was chosen; low for what is no problem."""
        return chosen or str(getattr(self, severity, "low"))
