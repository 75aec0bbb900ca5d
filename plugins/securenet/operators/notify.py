"""Notify: the third verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import TriggerRule

from securenet.operators.verb import Verb

if TYPE_CHECKING:
    from include.model import Run
    from include.store.runs import Counts
    from securenet.wiring import Wiring


class Notify(Verb):
    """Send what is due, whichever duty queued it. Always does: what waits is in the store, not in this run.

    `heartbeat`: somebody outside hears at the connection `heartbeat_<that>` that a run came this far.
    """

    def __init__(self, *, heartbeat: str | None = None, task_id: str = "notify", **kwargs: Any) -> None:
        super().__init__(task_id=task_id, priority_weight=3, trigger_rule=TriggerRule.ALL_DONE, **kwargs)
        self.heartbeat = heartbeat

    def perform(self, wiring: Wiring, run: Run) -> Counts:
        """Returns how many messages ended in which state."""
        from include.model import Stage
        from include.store.runs import Attempt, failure_recorded

        now = wiring.clock()
        with failure_recorded(Attempt(wiring.store, run, Stage.NOTIFY, wiring.clock, now)) as attempt:
            counts = attempt.finish(wiring.drain(self.drain_until(now)))
        if self.heartbeat and not wiring.show:
            wiring.be_heard(self.heartbeat)
        return counts
