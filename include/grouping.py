"""Which alerts are told together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from include.config.alerts import Alerts
from include.model import Traits, Verdict

# Nobody may learn of an organisation through another's message, whatever the configuration groups.
ALWAYS = ("environment", "organization")


@dataclass(frozen=True, slots=True)
class Named:
    """A group: its key, and what all its alerts have in common."""

    key: str
    duty: str
    rule: str
    labels: Mapping[str, str]

    @property
    def row(self) -> dict[str, Any]:
        """As the store takes it."""
        return {"key": self.key, "duty": self.duty, "rule": self.rule, "labels": dict(self.labels)}


def named(verdict: Verdict, traits: Traits, settings: Alerts) -> Named:
    """The group of a verdict's alert: by duty, rule, and those labels that the configuration names, else the rule."""
    chosen = next((grouping.by for grouping in settings.grouping if like(grouping.match, verdict)), traits.group_by)
    labels = {name: verdict.labels[name] for name in sorted({*chosen, *ALWAYS}) if name in verdict.labels}
    words = json.dumps(labels, ensure_ascii=False)
    return Named(f"{verdict.duty}/{verdict.rule}/{hashlib.sha256(words.encode()).hexdigest()[:16]}", verdict.duty, verdict.rule, labels)


def like(patterns: Mapping[str, str], verdict: Verdict) -> bool:
    """Whether each named property is like its pattern."""
    values = {**verdict.labels, "duty": verdict.duty, "rule": verdict.rule, "severity": str(verdict.level)}
    return all(name in values and fnmatchcase(values[name], pattern) for name, pattern in patterns.items())
