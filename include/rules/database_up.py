"""Can we connect to a database and query it?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from include.audience import Labels
from include.config.settings import Settings
from include.model import Level, Run, Traits, Verdict
from include.store import Store
from include.store.samples import newest

RULE = "database_up"


class DatabaseUp:
    """A server that does not answer. Whoever probes it has made sure of that: one attempt that fails is none."""

    # Three attempts agree before it is down, and whoever uses it needs to know each time.
    traits = Traits(
        group_by=("target",),
        damp=False,
        todo="Is the server up and reachable from here? The reason is its own; `make check DUTY=database_connectivity` asks again.",
    )

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict per target."""
        return [judge(run.duty, row["labels"], row["value"] == 1, row["note"], row["at"]) for row in newest(store, RULE, {})]


def judge(duty: str, labels: Labels, up: bool, why: str | None, at: datetime) -> Verdict:
    """Down is critical at once."""
    name = labels["target"]
    if up:
        return Verdict(duty, RULE, labels, Level.OK, at, f"database {name} answers again")
    return Verdict(duty, RULE, labels, Level.CRITICAL, at, f"Database connection failed: {name}: {why or 'no answer'}")
