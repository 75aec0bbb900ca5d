"""Rules about values: those that are shipped (rules.yaml), as the file changes them, and the file's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, field_validator

from include.config.duties import DutyName
from include.config.reading import read_yaml
from include.config.section import PriorityName, Section, listed
from include.config.times import delay, write_delay
from include.config.types import Number, Switch, like
from include.model import Priority, Traits
from include.thresholds import Limits, Threshold

if TYPE_CHECKING:
    from include.config.settings import Settings

SHIPPED = Path(__file__).with_name("rules.yaml")
# The duties that rules.yaml has rules for.
SHIPPED_FOR = frozenset({"api_performance", "database_health", "page_load", "system_health"})
# What the section `system_health` says of shipped rules.
OF_SYSTEM_HEALTH = {"cpu_usage": "cpu_threshold", "memory_usage": "memory_threshold", "disk_usage": "disk_threshold"}
# A limit that was moved past its clear level takes that along: so much remains between them.
LEAST_GAP = 5
Word = Annotated[str, AfterValidator(like(r"[a-z][a-z0-9_]{0,99}", "name of a metric", "as in disk_usage"))]
Wait = Annotated[timedelta, BeforeValidator(delay), PlainSerializer(write_delay)]
Pattern = Annotated[str, Field(min_length=1, max_length=100)]


class Variant(Section):
    """Other limits in one environment."""

    environment: Annotated[str, AfterValidator(like(r"[^*?]{1,100}", "environment", "as in dev"))]
    """The label `environment`, to the letter."""
    warning: Number | None = None
    """From here on a warning."""
    critical: Number | None = None
    """From here on critical."""
    clear: Number | None = None
    """Here it is over."""


class RuleEntry(Section):
    """A rule of your own, or what is to be different in shipped ones."""

    name: Pattern
    """The rule's name; a shipped one, or a pattern of them such as `disk_*`, changes those."""
    metric: Word | None = None
    """Which values (metrics.md); needed for a rule of your own."""
    duty: Annotated[tuple[DutyName, ...], BeforeValidator(listed)] = ()
    """Which duty judges; needed for a rule of your own. Of several, each judges the series that are labelled with it."""
    labels: dict[str, Pattern] = {}
    """Only series with these labels; values may be patterns such as `api-*`."""
    warning: Number | None = None
    """From here on it is a warning ..."""
    critical: Number | None = None
    """... and from here on critical, in the unit of the metric."""
    clear: Number | None = None
    """Here it is over; none: as soon as the limit is not reached."""
    below: Switch = False
    """Low values are the bad ones."""
    wait: Wait = Field(default=timedelta(0), alias="for")
    """How long it must last before anybody is told."""
    variants: tuple[Variant, ...] = ()
    """Other limits for an environment."""
    group_by: tuple[str, ...] = ("target",)
    """Alerts that differ in these labels are told apart."""
    priority: PriorityName | None = None
    """How soon people are brought in; none: by severity."""
    summary: Annotated[str, Field(min_length=1, max_length=300)] = "{metric} of {target} is {value}"
    """What is said; `{value}` and any label in braces."""
    why: str = ""
    """Why this limit: a line of the message."""
    todo: str = ""
    """What to do about it: a line of the message."""
    off: Switch = False
    """Not judged at all."""

    @field_validator("variants")
    @classmethod
    def each_once(cls, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
        """One word on each environment."""
        named = [variant.environment for variant in variants]
        if len(set(named)) < len(named):
            raise ValueError("an environment stands twice; allowed: each once")
        return variants

    @property
    def is_whole(self) -> bool:
        """Whether it can be judged."""
        return bool(self.metric and self.duty) and (self.warning, self.critical) != (None, None)

    def threshold(self, duty: str = "") -> Threshold:
        """The rule as a duty judges it."""
        limits = {one.environment: Limits(one.warning, one.critical, one.clear) for one in self.variants}
        priority = Priority(self.priority) if self.priority else None
        about = " ".join(filter(None, (self.todo, self.why and f"Why this limit: {self.why}")))
        traits = Traits(wait=self.wait, group_by=self.group_by, priority=priority, todo=about or None)
        own = Limits(self.warning, self.critical, self.clear)
        labels = {**self.labels, "duty": duty} if len(self.duty) > 1 else self.labels
        return Threshold(self.name, self.metric or "", own, self.below, labels, limits, self.summary, traits)


def thresholds_of(settings: Settings, duty: str) -> list[Threshold]:
    """The rules of a duty that are in force."""
    if duty not in SHIPPED_FOR and all(duty not in entry.duty for entry in settings.rules):
        return []  # and nothing was read
    return [entry.threshold(duty) for entry in in_force(settings) if duty in entry.duty]


def in_force(settings: Settings) -> list[RuleEntry]:
    """All rules that are judged: the shipped ones as the file has changed them, then its own."""
    return [entry for entry in merged(settings).values() if not entry.off and entry.is_whole]


def merged(settings: Settings) -> dict[str, RuleEntry]:
    """Every rule by name, also those that are off."""
    rules = {name: moved(rule, settings) for name, rule in shipped().items()}
    for entry in settings.rules:
        for name in concerned(entry):
            rules[name] = changed(rules[name], entry) if name in rules else entry
    return rules


def concerned(entry: RuleEntry) -> list[str]:
    """The shipped rules that an entry is about, else itself."""
    return [name for name in shipped() if fnmatchcase(name, entry.name)] or [entry.name]


def changed(rule: RuleEntry, entry: RuleEntry) -> RuleEntry:
    """The rule with what the entry says in its place."""
    return rule.model_copy(update={name: getattr(entry, name) for name in entry.model_fields_set - {"name"}})


def moved(rule: RuleEntry, settings: Settings) -> RuleEntry:
    """A shipped rule with the limit that `system_health` gives it; its other levels make room."""
    if rule.name not in OF_SYSTEM_HEALTH:
        return rule
    warning = getattr(settings.monitoring.system_health, OF_SYSTEM_HEALTH[rule.name])
    clear, critical = min(rule.clear or warning, warning - LEAST_GAP), max(rule.critical or warning, warning)
    return rule.model_copy(update={"warning": warning, "clear": clear, "critical": critical})


@cache
def shipped() -> dict[str, RuleEntry]:
    """The rules of rules.yaml by name."""
    entries = (RuleEntry.model_validate(entry) for entry in read_yaml(SHIPPED)["rules"])
    return {entry.name: entry for entry in entries}


def complaints(settings: Settings) -> Iterator[tuple[int, str, Any, str]]:
    """What is wrong with the entries of the file: which one, its key, the value, and what would be allowed."""
    rules = merged(settings)
    for number, entry in enumerate(settings.rules):
        for name in concerned(entry):
            yield from ((number, *complaint) for complaint in complaints_of(rules[name]))


def complaints_of(rule: RuleEntry) -> Iterator[tuple[str, Any, str]]:
    """What keeps a rule from being judged."""
    if not (rule.metric and rule.duty):
        known = f"{', '.join(list(shipped())[:5])} and the others of rules.md"
        yield "name", rule.name, f"no shipped rule is called so; allowed: {known}, or a metric and a duty of your own"
    elif not rule.off:
        for limits in (rule, *rule.variants):
            yield from limit_complaints(rule.name, limits, rule.below)


def limit_complaints(name: str, limits: Any, below: bool) -> Iterator[tuple[str, Any, str]]:
    """Limits of a rule or a variant that are missing, or do not lie in the order in which they are reached."""
    given = [level for level in (limits.clear, limits.warning, limits.critical) if level is not None]
    if (limits.warning, limits.critical) == (None, None):
        yield "warning", None, f"{name} has no limit; allowed: warning, critical or both, as in {{warning: 80, critical: 95}}"
    elif given != sorted(given, reverse=below):
        way = "falling, as the rule says `below`" if below else "rising"
        yield "warning", limits.warning, f"the limits of {name} are in the wrong order; allowed: clear, warning, critical {way}"
