"""Describe: the verb of the configuration duty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from securenet.operators.verb import Verb

if TYPE_CHECKING:
    from include.model import Run
    from include.store.runs import Counts
    from securenet.wiring import Wiring


class Describe(Verb):
    """Print the configuration in force into the log."""

    def __init__(self, *, task_id: str = "describe", **kwargs: Any) -> None:
        super().__init__(task_id=task_id, priority_weight=1, **kwargs)

    def perform(self, wiring: Wiring, run: Run) -> Counts:
        """Returns whether the file itself is in force."""
        from include.config.loading import describe_settings
        from include.model import Stage
        from include.store.runs import Attempt, failure_recorded

        with failure_recorded(Attempt(wiring.store, run, Stage.DESCRIBE, wiring.clock, wiring.clock())) as attempt:
            self.log.info("in force:\n%s", describe_settings(wiring.settings))
            return attempt.finish({"config_valid": int(wiring.in_force.refusal is None)})
