"""Limits in force: the newest value of each series against the rules of the configuration, all of a duty's by one statement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.audience import Labels
from include.config.routes import Priorities
from include.config.rules import thresholds_of
from include.config.settings import Settings
from include.flapping import STEADY
from include.model import Level, Run, Traits, Verdict
from include.source_state import PATIENCE, SourceState, source_states
from include.store import Row, Store
from include.store.alerts import carry_on
from include.store.text import dumps
from include.thresholds import Found, Limits, Threshold
from include.writing.wording import measured, shown

# A watcher has no interval; what it measures is that fresh, or as fresh as its slowest target allows.
WATCHED = timedelta(minutes=15)
ESCAPED = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_", "*": "%", "?": "_"})


class Thresholds:
    """The limits of a duty. While the source of a target is silent, its open alerts are unknown instead.

    What stays as it is, as most that is open does, gets no verdict and is carried on at once: that is quick.
    """

    traits = Traits()

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict per series that is newly in breach or whose alert may change, and one per open alert of a limit that is gone."""
        rules = {rule.name: rule for rule in thresholds_of(settings, run.duty)}
        since = now - (
            PATIENCE * run.interval if run.interval else max([WATCHED, *(PATIENCE * one.interval for one in settings.targets.apis)])
        )
        rows = dumps([row_of(rule, settings.priorities) for rule in rules.values()])
        found = store.many("thresholds.candidates", rules=rows, duty=run.duty, since=since, steady=STEADY)
        judging = Judging(run.duty, rules, source_states(store, run, now), doubts(store, run.duty, found), now)
        carry_on(store, ((row["stands"], judging.verdict(row)) for row in found if row["stands"]))
        gone = store.many("thresholds.abandoned", duty=run.duty, names=list(rules))
        return [*(judging.verdict(row) for row in found if not row["stands"]), *(judging.abandoned(row) for row in gone)]


@dataclass(frozen=True, slots=True)
class Judging:
    """The rules of a duty by name, and how the sources that its values come from stand at this moment.

    `doubts`: (target, metric) of what a target that answers did not say; '' is any metric.
    """

    duty: str
    rules: dict[str, Threshold]
    sources: Sequence[SourceState]
    doubts: frozenset[tuple[str, str]]
    now: datetime

    def verdict(self, row: Row) -> Verdict:
        """What the newest value means, or that there is none."""
        rule = self.rules[row["name"]]
        if row["value"] is None:
            return self.missing(rule, row["labels"])
        found = rule.judge(row["value"], row["labels"])
        summary = describe(rule, row, found)
        detail = {"limit": found.limit, "value": row["value"], "unit": row["unit"], "metric": rule.metric}
        return Verdict(self.duty, rule.name, row["labels"], found.level, row["at"], summary, 0, detail, cleared=found.cleared)

    def missing(self, rule: Threshold, labels: Labels) -> Verdict:
        """Without a value: unknown while the target does not answer, or not to this; over when it answers and no longer has that."""
        what = shown(words(rule.summary, {**labels, "metric": rule.metric}, "…"), 200)
        if self.answers(labels) and not self.doubts & {(labels.get("target", ""), metric) for metric in (rule.metric, "")}:
            return Verdict(self.duty, rule.name, labels, Level.OK, self.now, f"{what}: it is no longer there")
        return Verdict(self.duty, rule.name, labels, Level.NO_DATA, self.now, f"{what}: no value for now")

    def answers(self, labels: Labels) -> bool:
        """Whether what this target's values come from is well."""
        states = [state.up for state in self.sources if state.labels.get("target") in (None, labels.get("target"))]
        return bool(states) and all(states)

    def abandoned(self, row: Row) -> Verdict:
        """A limit that was taken back ends what it began."""
        what = f"the limit {row['rule']} is no longer in force"
        return Verdict(self.duty, row["rule"], row["labels"], Level.OK, self.now, what, final=True)


def doubts(store: Store, duty: str, found: Iterable[Row]) -> frozenset[tuple[str, str]]:
    """What could not be had of targets that answered; asked only where a value is missing."""
    if all(row["value"] is not None for row in found):
        return frozenset()
    return frozenset((row["target"], row["metric"]) for row in store.many("thresholds.doubts", duty=duty))


def row_of(rule: Threshold, priorities: Priorities) -> dict[str, object]:
    """The rule as the query reads it."""
    sign = -1.0 if rule.below else 1.0
    usual, *others = (levels(limits, sign) for limits in (rule.limits, *rule.variants.values()))
    return {
        "name": rule.name,
        "metric": rule.metric,
        "labels": {name: pattern.translate(ESCAPED) for name, pattern in rule.labels.items()},
        "sign": sign,
        "widest": min(one["least"] for one in (usual, *others)),
        "limits": usual,
        "variants": dict(zip(rule.variants, others, strict=True)),
        "priorities": {severity: priorities.of(severity, rule.traits.priority) for severity in ("warning", "critical")},
    }


def levels(limits: Limits, sign: float) -> dict[str, float]:
    """The limits by name, with the least of them, multiplied by the sign."""
    given = {name: sign * limit for name, limit in (("warning", limits.warning), ("critical", limits.critical)) if limit is not None}
    return {**given, "least": min(given.values())}


def describe(rule: Threshold, row: Row, found: Found) -> str:
    """`CPU of web1 at 93 %, the limit is 80 %`, and what was noted of the value; of yes or no, no limit need be told."""
    unit, limit = row["unit"], found.limit
    text = words(rule.summary, {**row["labels"], "metric": rule.metric}, measured(row["value"], unit))
    what = "back at" if found.level is Level.OK else "the limit is"
    bound = "" if limit is None or unit == "bool" else f", {what} {measured(limit, unit)}"
    note = f" ({row['note']})" if row["note"] else ""
    return f"{text}{bound}{note}"


def words(summary: str, labels: Labels, value: str) -> str:
    """The summary with its braces filled in; what is not there stays empty."""
    return re.sub(r"\{(\w+)\}", lambda found: value if found[1] == "value" else labels.get(found[1], ""), summary)
