"""Evaluate: judge, decide, and write alerts, transitions and the messages they cause in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.alerting import is_news, next_state
from include.audiences import Routes
from include.config.settings import Settings
from include.model import Clock, Run, Stage, Transition, Verdict
from include.rules import Rule
from include.store import Store, alerts, messages
from include.store.runs import Attempt, Counts, once

Reminding = Callable[[Store, Run, datetime], Counts]


@dataclass(frozen=True, slots=True)
class Evaluating:
    """How a duty is judged: its rules, where its news goes, and whom it reminds."""

    rules: Sequence[Rule]
    settings: Settings
    routes: Routes
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
            verdicts = [verdict for rule in self.rules for verdict in rule.verdicts(store, run, self.settings, now)]
            transitions = decide(store, verdicts)
            reasons = alerts.apply(store, transitions, run.run_id)
            news = [transition for transition in transitions if is_news(transition)]
            messages.queue_lines(store, run, self.routes.lines(news, run), now)
            return attempt.finish({"verdicts": len(verdicts), **reasons, **reminders})


def decide(store: Store, verdicts: Sequence[Verdict]) -> list[Transition]:
    """The transition of each verdict's fingerprint, whose row stays locked to the end of the transaction."""
    known = alerts.newest(store, [verdict.fingerprint for verdict in verdicts])
    return [next_state(known.get(verdict.fingerprint), verdict) for verdict in verdicts]
