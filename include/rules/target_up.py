"""Does a target answer? Judged by what whoever probes it has seen: one attempt that fails is none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from include.audience import Labels
from include.config.settings import Settings
from include.model import Level, Run, Traits, Verdict
from include.store import Store
from include.store.samples import newest

# By kind of target: what is said when it does not answer, when it does again, and when it cannot be asked.
WORDS = {
    "database": ("Database connection failed: {}", "database {} answers again", "database {} is not watched"),
    "api": ("API failed: {}", "API {} answers again", "API {} is not watched"),
}


class TargetUp:
    """Targets of one kind, which a watcher probes; the rule, like its metric, is called `<kind>_up`."""

    kind: str
    traits: Traits

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict per target."""
        rows = newest(store, f"{self.kind}_up", {})
        return [judge(run.duty, self.kind, row["labels"], row["value"] == 1, row["note"], row["at"]) for row in rows]


class DatabaseUp(TargetUp):
    """Can we connect to a database and query it? Whoever uses it needs to know each time."""

    kind = "database"
    traits = Traits(
        group_by=("target",),
        damp=False,
        todo="Is the server up and reachable from here? The reason is its own; `make check DUTY=database_connectivity` asks again.",
    )


class ApiUp(TargetUp):
    """Does an API answer, and with what is expected?"""

    kind = "api"
    traits = Traits(
        group_by=("target",),
        damp=False,
        todo="The reason says how far it came: name, connection, TLS, status or content; `make check DUTY=api_performance` asks again.",
    )


def judge(duty: str, kind: str, labels: Labels, up: bool | None, why: str | None, at: datetime) -> Verdict:
    """Down is critical at once. `up` None: it could not be asked."""
    failed, well, unknown = WORDS[kind]
    if up is None:
        return Verdict(duty, f"{kind}_up", labels, Level.NO_DATA, at, f"{unknown.format(labels['target'])}: {why}")
    if up:
        return Verdict(duty, f"{kind}_up", labels, Level.OK, at, well.format(labels["target"]))
    return Verdict(duty, f"{kind}_up", labels, Level.CRITICAL, at, f"{failed.format(labels['target'])}: {why or 'no answer'}")
