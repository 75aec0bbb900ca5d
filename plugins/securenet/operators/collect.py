"""Collect: the first verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from securenet.operators.verb import Verb

if TYPE_CHECKING:
    from include.model import Run
    from include.store.runs import Counts
    from securenet.wiring import Wiring


# The part of the task's time for a source to answer in; in the rest what it said is stored, or that it said nothing.
MEASURING = 0.7


class Collect(Verb):
    """Measure one source and store what it saw; a sick source is stored as such. Measures nothing when the run's moment has passed."""

    def __init__(self, *, source: str, task_id: str = "collect", **kwargs: Any) -> None:
        super().__init__(task_id=task_id, priority_weight=1, **kwargs)
        self.source = source

    def perform(self, wiring: Wiring, run: Run) -> Counts:
        """Returns source, source_up and how many samples were stored."""
        return wiring.collecting(self.source, self.limit * MEASURING).collect(wiring.store, run)
