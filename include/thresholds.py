"""Limits: what a value means. Pure; `store/thresholds.sql` says in SQL which values are in breach, and a test holds the two together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from include.audience import Labels
from include.model import Level, Traits


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a value is a warning or critical, and where it must be again before it is over (None: as soon as it is no breach)."""

    warning: float | None = None
    critical: float | None = None
    clear: float | None = None

    def least(self, below: bool) -> float:
        """The limit that is reached first."""
        given = [limit for limit in (self.warning, self.critical) if limit is not None]
        return max(given) if below else min(given)


@dataclass(frozen=True, slots=True)
class Found:
    """What a value means: `limit` is the one that it reached, or has to be back at; `cleared`: whether it is over."""

    level: Level
    cleared: bool
    limit: float | None


@dataclass(frozen=True, slots=True)
class Threshold:
    """A rule about one metric. `below`: low values are the bad ones. `labels`: of which series, as patterns such as `api-*`.

    `variants`: other limits for an environment. `summary`: its words, with `{value}` and any label in braces.
    """

    name: str
    metric: str
    limits: Limits
    below: bool = False
    labels: Labels = field(default_factory=dict)
    variants: Mapping[str, Limits] = field(default_factory=dict)
    summary: str = "{metric} of {target} is {value}"
    traits: Traits = field(default_factory=Traits)

    def applies(self, labels: Labels) -> bool:
        """Whether a series of the metric is one that the rule is about."""
        return all(fnmatchcase(labels.get(name, ""), pattern.replace("[", "[[]")) for name, pattern in self.labels.items())

    def limits_for(self, labels: Labels) -> Limits:
        """Those of its environment, else the rule's own."""
        return self.variants.get(labels.get("environment", ""), self.limits)

    def judge(self, value: float, labels: Labels) -> Found:
        """What the value means: critical before warning; between the clear level and the least limit nothing begins and nothing ends."""
        limits = self.limits_for(labels)
        for level, limit in ((Level.CRITICAL, limits.critical), (Level.WARNING, limits.warning)):
            if limit is not None and self.reached(value, limit):
                return Found(level, False, limit)
        back_at = limits.clear if limits.clear is not None else limits.least(self.below)
        return Found(Level.OK, limits.clear is None or not self.reached(value, limits.clear) or value == limits.clear, back_at)

    def reached(self, value: float, limit: float) -> bool:
        """Whether the value is at the limit or beyond."""
        return value <= limit if self.below else value >= limit
