"""Maintain: the verb of housekeeping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from securenet.operators.verb import Verb

if TYPE_CHECKING:
    from include.model import Run
    from include.store.runs import Counts
    from securenet.wiring import Wiring


class Maintain(Verb):
    """Keep the store in shape: partitions ahead, what is too old goes; with the form's `migrate`, the schema first."""

    def __init__(self, *, task_id: str = "maintain", **kwargs: Any) -> None:
        super().__init__(task_id=task_id, priority_weight=1, **kwargs)

    def perform_wired(self, run: Run, failed: Sequence[str] = ()) -> Counts:
        """Migrate if asked to, then maintain."""
        if run.form.get("migrate") == "yes":
            from securenet.commands.migrate import migrate_store

            self.log.info("applied: %s", migrate_store() or "nothing, the schema is up to date")
        return super().perform_wired(run, failed)

    def perform(self, wiring: Wiring, run: Run) -> Counts:
        """Returns how many partitions were made and dropped, and rows deleted per table."""
        from include.maintenance import maintain

        return maintain(wiring.store, run, wiring.settings, wiring.clock)
