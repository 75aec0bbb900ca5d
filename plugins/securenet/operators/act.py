"""Act: the verb of alert_action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from securenet.operators.verb import Verb

if TYPE_CHECKING:
    from include.model import Run
    from include.store.runs import Counts
    from securenet.wiring import Wiring


class Act(Verb):
    """Do what the trigger form says, in the name of whoever triggered the run; then list what is open and what is silenced."""

    def __init__(self, *, task_id: str = "act", **kwargs: Any) -> None:
        super().__init__(task_id=task_id, priority_weight=3, **kwargs)

    def perform(self, wiring: Wiring, run: Run) -> Counts:
        """Returns what was done, and to how many. A run that is repeated does not do it twice."""
        from include.acting.forms import Form, act, overview
        from include.model import Stage
        from include.store.runs import Attempt, once

        def attempt(attempt: Attempt) -> Counts:
            with attempt.store.transaction():
                form = Form.of(run.form, wiring.clock(), wiring.settings.monitoring.zone)
                return attempt.finish(act(wiring.actions(), form, run.by or "nobody known"))

        counts = once(wiring.store, run, Stage.ACT, wiring.clock, attempt)
        for line in overview(wiring.store, wiring.clock()) or ["nothing is open, and nothing is silenced"]:
            self.log.info("%s", line.encode("unicode_escape").decode() if not line.isprintable() else line)
        return counts
