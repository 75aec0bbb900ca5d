"""How alerts are told: in which groups, how soon, how often, and what keeps quiet because of what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator

from include.config.section import ChannelName, Section
from include.config.types import Duration, Number, Switch, Whole

Patterns = Annotated[dict[str, str], Field(min_length=1)]


class Grouping(Section):
    """Which alerts are told together."""

    match: Patterns
    """Which alerts: `duty`, `rule`, `severity` or a label, each with a pattern such as `api-*`."""
    by: tuple[str, ...]
    """The labels that tell their groups apart; [] puts all alerts of a rule into one group. The organisation always does."""


class Inhibition(Section):
    """An alert that makes others needless: only their messages are withheld."""

    source: Patterns
    """While an alert like this is open ..."""
    target: Patterns
    """... nobody is told of alerts like this ..."""
    equal: tuple[str, ...] = ()
    """... that have the same value in these labels."""


# One event, one alert: what says of the same target in other words that it is down.
SAME_THING = tuple(
    Inhibition(source={"rule": down}, target={"rule": others}, equal=("target",))
    for down, others in (("database_up", "source_up"), ("api_up", "api_error_rate"), ("api_up", "error_budget_burn_*"))
)


class Cap(Section):
    """How much one receiver gets through one channel. What is over waits, and then leaves as one message."""

    messages: Annotated[Number, Field(gt=0)]
    """So many ..."""
    per: Duration
    """... in this time."""
    burst: Annotated[Whole, Field(gt=0)] = 1
    """So many may leave at once."""
    reserve: Annotated[Whole, Field(ge=0)] = 0
    """And so many more if they are critical."""
    digest: Switch = True
    """Whether what waited leaves as one message; PagerDuty must have each by itself, and a webhook has it unless you say otherwise."""


MINUTE = timedelta(minutes=1)
REMINDERS: Literal["reminders"] = "reminders"
CapName = Literal[ChannelName, "reminders"]
CAPS: dict[CapName, Cap] = {
    "email": Cap(messages=1, per=MINUTE, burst=3, reserve=5),
    "sms": Cap(messages=5, per=timedelta(minutes=15), burst=3, reserve=2),
    "slack": Cap(messages=60, per=MINUTE, burst=5, reserve=5),
    "pagerduty": Cap(messages=100, per=MINUTE, burst=80, reserve=20, digest=False),
    REMINDERS: Cap(messages=60, per=timedelta(hours=1), burst=100, digest=False),
}


class Alerts(Section):
    """How alerts are told."""

    group_wait: Duration = timedelta(seconds=30)
    """How long a new group waits for more of the same. Critical alerts never wait."""
    group_interval: Duration = timedelta(minutes=5)
    """How long after a message the next about the same group may leave."""
    repeat_interval: Duration = timedelta(hours=4)
    """How often a group that nobody has acknowledged is told again."""
    start_grace: Duration = timedelta(minutes=5)
    """How long nobody is told of a source that has never answered yet: what is just being set up is no alarm."""
    grouping: tuple[Grouping, ...] = ()
    """Other groups than the rules' own; the first that matches counts."""
    inhibit: tuple[Inhibition, ...] = SAME_THING
    """Alerts that make others needless, and for some minutes after their end. As shipped: a database that does not answer has no data
    either, and an address that fails has its errors counted too."""
    dependencies: dict[str, tuple[str, ...]] = {}
    """What each target (label `target`) stands on: while one of those is down, nobody is told of it."""
    fallback: Annotated[tuple[ChannelName, ...], Field(min_length=1)] = ("email", "slack", "sms", "pagerduty", "webhook")
    """Where news goes when a channel is down: the next of these that is configured and not down."""
    caps: dict[CapName, Cap] = CAPS
    """How much one receiver gets through a channel, and of `reminders` to account owners. What is not named stays as it is."""

    @field_validator("caps")
    @classmethod
    def with_the_others(cls, caps: dict[CapName, Cap]) -> dict[CapName, Cap]:
        """To change one, or something of one, is not to lose the others."""
        own = {name: {key: getattr(cap, key) for key in cap.model_fields_set} for name, cap in caps.items()}
        usual = {"webhook": Cap(messages=1, per=MINUTE, digest=False), **CAPS}
        return {**CAPS, **{name: usual[name].model_copy(update=own[name]) if name in usual else cap for name, cap in caps.items()}}

    @field_validator("dependencies")
    @classmethod
    def without_circles(cls, dependencies: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """What depends on itself would hide itself."""
        for target in dependencies:
            if target in foundations(dependencies, target):
                raise ValueError(f"{target!r} depends on itself; allowed: dependencies without a circle, as in {{api: [db], db: [host]}}")
        return dependencies


def foundations(dependencies: Mapping[str, tuple[str, ...]], target: str) -> set[str]:
    """All that a target stands on, directly or through others."""
    found: set[str] = set()
    ahead = list(dependencies.get(target, ()))
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += dependencies.get(name, ())
    return found
