"""Evaluate: judge, decide, and write alerts, transitions and the messages they cause in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.alerting import next_state
from include.config.settings import Settings
from include.dispatch import Directory, Dispatch
from include.grouping import Named, named
from include.logs import facts
from include.model import Clock, Priority, Reason, Run, Severity, Stage, Traits, Verdict
from include.rules import Rule
from include.store import Store, alerts, groups
from include.store.alerts import Change
from include.store.derived import derive
from include.store.runs import Attempt, Counts, once
from include.targets import availability
from include.targets.gone import without_gone

log = logging.getLogger(__name__)
Reminding = Callable[[Store, Run, datetime], Counts]
Judged = tuple[Traits, Verdict]


@dataclass(frozen=True, slots=True)
class Evaluating:
    """How a duty is judged: its rules, who hears of it, and whom it reminds."""

    rules: Sequence[Rule]
    settings: Settings
    directory: Directory
    remind: Reminding | None
    clock: Clock

    def evaluate(self, store: Store, run: Run) -> Counts:
        """One transaction: reminders, verdicts, transitions, messages. Returns counts."""
        return once(store, run, Stage.EVALUATE, self.clock, self.attempt)

    def attempt(self, attempt: Attempt) -> Counts:
        """One attempt of the stage; a second evaluator of the duty waits for the first."""
        store, run = attempt.store, attempt.run
        with store.transaction():
            store.many("runs.lock_duty", duty=run.duty)
            now = self.clock()
            reminders = self.remind(store, run, now) if self.remind else {}
            judged = self.judge(store, run, now)
            changes = self.apply(store, judged, run, now)
            return attempt.finish({"verdicts": len(judged), **alerts.by_reason(changes), **reminders})

    def judge(self, store: Store, run: Run, now: datetime) -> list[Judged]:
        """What the duty's rules find in the store, with what is derived of its samples."""
        self.derive(store, run, now)
        found = [verdict for rule in self.rules for verdict in rule.verdicts(store, run, self.settings, now)]
        verdicts = without_gone(store, run.duty, self.settings.targets, found, now)
        return [(self.directory.traits(verdict.duty, verdict.rule), verdict) for verdict in verdicts]

    def derive(self, store: Store, run: Run, now: datetime) -> None:
        """Make samples of the duty's samples: trends, and how available HTTP targets are."""
        derive(store, run.duty, now)
        if run.duty == availability.DUTY:
            availability.derive(store, now, {target.name: target.objective for target in self.settings.targets.apis})

    def apply(self, store: Store, judged: Sequence[Judged], run: Run, now: datetime) -> list[Change]:
        """Write what the verdicts come to, and queue what people are to be told of it, within the caller's transaction."""
        changes, touched = self.keep(store, judged, run)
        Dispatch(store, self.settings, self.directory, now).groups(touched)
        return changes

    def keep(self, store: Store, judged: Sequence[Judged], run: Run) -> tuple[list[Change], list[str]]:
        """Write what the verdicts come to; the changes, and the groups in which people may have to be told of them."""
        names = [named(verdict, traits, self.settings.alerts) for traits, verdict in judged]
        changes = decide(store, judged, names, self.settings, run.interval)
        opening = {name.key: name.row for name, change in zip(names, changes, strict=True) if change.transition.before is None}
        groups.make(store, opening.values())
        touched = alerts.apply(store, changes, run.run_id)
        for change in changes:
            tell_log(change)
        return changes, touched


def decide(store: Store, judged: Sequence[Judged], names: Sequence[Named], settings: Settings, interval: timedelta | None) -> list[Change]:
    """The transition of each verdict's fingerprint, whose row stays locked to the end of the transaction."""
    known = alerts.newest(store, [verdict.fingerprint for _, verdict in judged])
    changes = []
    for (traits, verdict), name in zip(judged, names, strict=True):
        transition = next_state(known.get(verdict.fingerprint), verdict, traits, interval)
        changes.append(Change(transition, name.key, priority_of(transition.severity, traits, settings)))
    return changes


def priority_of(severity: Severity, traits: Traits, settings: Settings) -> Priority:
    """The rule's own choice, else the configuration's for the severity."""
    return Priority(settings.priorities.of(severity, traits.priority))


def tell_log(change: Change) -> None:
    """Whatever happens to an alert is a line of the log."""
    transition, verdict = change.transition, change.transition.verdict
    if transition.after and transition.reason not in (Reason.UNCHANGED, Reason.STALE):
        facts(
            log, "alert", duty=verdict.duty, rule=verdict.rule, reason=transition.reason, severity=transition.severity, what=verdict.summary
        )
