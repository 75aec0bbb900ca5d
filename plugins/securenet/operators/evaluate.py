"""Evaluate: the second verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import TriggerRule

from securenet.operators.verb import Verb

if TYPE_CHECKING:
    from include.model import Run
    from include.store.runs import Counts
    from securenet.wiring import Wiring


class Evaluate(Verb):
    """Judge the newest samples and write alerts, transitions and messages; with `reminders`, those to account owners too."""

    def __init__(self, *, reminders: bool = False, task_id: str = "evaluate", **kwargs: Any) -> None:
        super().__init__(task_id=task_id, priority_weight=2, trigger_rule=TriggerRule.ALL_DONE, **kwargs)
        self.reminders = reminders

    def perform(self, wiring: Wiring, run: Run) -> Counts:
        """Returns how many verdicts there were, and transitions by reason."""
        return wiring.evaluating(run.duty, self.reminders).evaluate(wiring.store, run)
