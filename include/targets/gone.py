"""Targets that are gone: nothing is judged any more of what is no longer watched, and what is open of it is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.audience import Labels
from include.config.duties import ONLY_WITH
from include.config.targets import KINDS, STORE_LABELS, Targets
from include.model import Level, Verdict
from include.store import Row, Store
from include.store.alerts import open_of_targets

# What a source says of itself beside the labels of its target.
ITS_OWN = frozenset({"duty", "source"})


@dataclass(frozen=True, slots=True)
class Watched:
    """The kind and labels of targets by their names."""

    by_name: dict[str, list[tuple[str, Labels]]]

    @classmethod
    def among(cls, targets: Targets, names: set[str]) -> Watched:
        """Those with these names that are watched."""
        found: dict[str, list[tuple[str, Labels]]] = defaultdict(list, {STORE_LABELS["target"]: [("databases", STORE_LABELS)]})
        for kind in KINDS:
            for one in (one for one in getattr(targets, kind) if one.name in names):
                found[one.name].append((kind, without_its_own(one.all_labels)))
        return cls(found)

    def lacks(self, rule: str, labels: Labels) -> bool:
        """Whether what a rule judges is of a target that is not watched, or is labelled otherwise now.

        Whether a target answers is judged under its own labels and no others; a metric has further ones.
        """
        name, kind, mine = labels.get("target"), kind_of(rule, labels), without_its_own(labels)
        like = [one for of, one in self.by_name.get(name or "", ()) if kind in (None, of)]
        return name is not None and not (mine in like if kind else any(one.items() <= mine.items() for one in like))

    def over(self, alert: Row, now: datetime) -> Verdict:
        """The end of an alert of a target that is gone."""
        name = alert["labels"]["target"]
        what = "is labelled otherwise now" if name in self.by_name else "is no longer watched"
        return Verdict(alert["duty"], alert["rule"], alert["labels"], Level.OK, now, f"{name} {what}", final=True)


def without_its_own(labels: Labels) -> Labels:
    """The labels of a target, as it was configured."""
    return {name: value for name, value in labels.items() if name not in ITS_OWN}


def kind_of(rule: str, labels: Labels) -> str | None:
    """Of which kind the target is, where a rule judges whether it answers; else None."""
    kind = labels.get("source") if rule == "source_up" else f"{rule.removesuffix('_up')}s"
    return kind if kind in KINDS else None


def without_gone(store: Store, duty: str, targets: Targets, verdicts: Sequence[Verdict], now: datetime) -> list[Verdict]:
    """The verdicts of a duty on what is watched, and one for each open alert of a target that is not.

    Whichever duty judges ends what is open of those that have no target any more, and so do not run.
    """
    at_rest = ONLY_WITH.keys() - targets.clocked
    standing = open_of_targets(store, [duty, *at_rest])
    watched = Watched.among(targets, names(one.labels for one in verdicts) | names(one["labels"] for one in standing))
    return [
        *(verdict for verdict in verdicts if not watched.lacks(verdict.rule, verdict.labels)),
        *(watched.over(alert, now) for alert in standing if watched.lacks(alert["rule"], alert["labels"])),
    ]


def names(labels: Iterable[Labels]) -> set[str]:
    """The targets that labels name."""
    return {one["target"] for one in labels if "target" in one}
