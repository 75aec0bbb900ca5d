"""Report: the last verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import TriggerRule

from securenet.operators.verb import Verb

if TYPE_CHECKING:
    from include.model import Run
    from include.store.runs import Counts
    from securenet.wiring import Wiring


class Report(Verb):
    """Render, store, queue and send what is due. A repeated run renders again and sends only what was never sent."""

    def __init__(self, *, report: str, task_id: str = "report", **kwargs: Any) -> None:
        super().__init__(task_id=task_id, priority_weight=3, trigger_rule=TriggerRule.ALL_DONE, **kwargs)
        self.report = report

    def perform(self, wiring: Wiring, run: Run) -> Counts:
        """Returns how many reports there were, how many mails they queued, and how many messages ended in which state."""
        from include.model import Stage
        from include.store.runs import Attempt, failure_recorded

        now = wiring.clock()
        with failure_recorded(Attempt(wiring.store, run, Stage.REPORT, wiring.clock, now)) as attempt:
            written = wiring.reporting(run.duty, self.report).write(wiring.store, run)
            return attempt.finish({**written, **wiring.drain(self.drain_until(now))})
