"""Targets that are gone: nothing is judged any more of what is no longer watched, and what is open of it is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.audience import Labels
from include.config.targets import KINDS, STORE_LABELS, Targets
from include.model import Level, Verdict
from include.store import Row, Store
from include.store.alerts import open_of_targets

# What a source says of itself beside the labels of its target.
ITS_OWN = frozenset({"duty", "source"})


@dataclass(frozen=True, slots=True)
class Watched:
    """The labels of targets by their names."""

    by_name: dict[str, list[Labels]]

    @classmethod
    def among(cls, targets: Targets, names: set[str]) -> Watched:
        """Those with these names that are watched."""
        found: dict[str, list[Labels]] = defaultdict(list, {STORE_LABELS["target"]: [STORE_LABELS]})
        for one in (one for kind in KINDS for one in getattr(targets, kind) if one.name in names):
            found[one.name].append({name: value for name, value in one.all_labels.items() if name not in ITS_OWN})
        return cls(found)

    def lacks(self, labels: Labels) -> bool:
        """Whether these are labels of a target that is not watched, or is labelled otherwise now."""
        name = labels.get("target")
        return name is not None and not any(one.items() <= labels.items() for one in self.by_name.get(name, ()))

    def over(self, duty: str, alert: Row, now: datetime) -> Verdict:
        """The end of an alert of a target that is gone."""
        name = alert["labels"]["target"]
        what = "is labelled otherwise now" if name in self.by_name else "is no longer watched"
        return Verdict(duty, alert["rule"], alert["labels"], Level.OK, now, f"{name} {what}")


def without_gone(store: Store, duty: str, targets: Targets, verdicts: Sequence[Verdict], now: datetime) -> list[Verdict]:
    """The verdicts of a duty on what is watched, and one for each open alert of a target that is not."""
    standing = open_of_targets(store, duty)
    watched = Watched.among(targets, names(one.labels for one in verdicts) | names(one["labels"] for one in standing))
    return [
        *(verdict for verdict in verdicts if not watched.lacks(verdict.labels)),
        *(watched.over(duty, alert, now) for alert in standing if watched.lacks(alert["labels"])),
    ]


def names(labels: Iterable[Labels]) -> set[str]:
    """The targets that labels name."""
    return {one["target"] for one in labels if "target" in one}
