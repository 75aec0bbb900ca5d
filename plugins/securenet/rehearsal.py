"""A whole duty in one go: for real, or in one transaction of which nothing remains (`make check`, and a run with dry_run)."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, cast

from include.model import utc_now

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from include.model import Clock, Run
    from include.store import Store
    from securenet.wiring import Wiring


@dataclass(slots=True)
class Outcome:
    """What a run of a duty did: rows as the store holds them, and the counts of each stage."""

    duty: str
    counts: dict[str, Any] = field(default_factory=dict)
    samples: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)

    def text(self) -> str:
        """For people: what was found, which alerts stand, what would be or was told."""
        lines = [f"{stage}: {counts}" for stage, counts in self.counts.items()]
        lines += [f"alert    {a['state']:<12} {a['severity']:<8} {a['reason']:<10} {a['summary']}" for a in self.alerts]
        lines += [f"message  {m['state']:<12} {m['channel']:<8} {m['receiver'][:40]:<40} {m['subject']}" for m in self.messages[:20]]
        if len(self.messages) > 20:
            lines.append(f"         ... and {len(self.messages) - 20} messages more")
        return "\n".join(line.encode("unicode_escape").decode() if not line.isprintable() else line for line in lines)


def rehearse(dag: DAG, run: Run) -> Outcome:
    """Perform the duty with the real code; nothing is kept, nothing is sent."""
    return perform(dag, run, keep=False)


def perform(dag: DAG, run: Run, *, keep: bool) -> Outcome:
    """Perform all stages of a duty in their order, here and now."""
    from securenet.configuration import at_run
    from securenet.wiring import Wiring, store

    with store(f"{run.duty} check") as opened, nullcontext() if keep else opened.rehearsal():
        moments: set[datetime] = set()
        wiring = Wiring(opened, at_run(opened, accept=False), noting(moments), show=not keep)
        run = replace(run, interval=wiring.interval(run.duty))
        outcome = Outcome(run.duty)
        if (measured := wiring.look_once(run)) is not None:
            outcome.counts["watch"] = measured
        for verb in stages(dag):
            outcome.counts[verb.task_id] = verb.perform(wiring, run)
        read(outcome, opened, run, sorted(moments))
    return outcome


def noting(moments: set[datetime]) -> Clock:
    """A clock that remembers what it said: whatever a run writes bears one of its moments, and what others write meanwhile does not."""

    def clock() -> datetime:
        moments.add(now := utc_now())
        return now

    return clock


class Stage(Protocol):
    """What is needed of a verb here."""

    task_id: str

    def perform(self, wiring: Wiring, run: Run) -> dict[str, Any]:
        """Do it, and return counts."""
        ...


def stages(dag: DAG) -> list[Stage]:
    """The verbs of a duty in their order."""
    return cast("list[Stage]", dag.topological_sort())  # type: ignore[no-untyped-call]


def read(outcome: Outcome, store: Store, run: Run, moments: list[datetime]) -> None:
    """Read what the run wrote, while it is there."""
    outcome.samples = store.many("samples.measured_at", moments=moments)
    outcome.alerts = store.many("alerts.of_run", duty=run.duty, run_id=run.run_id)
    outcome.messages = store.many("messages.made_at", duty=run.duty, moments=moments)
    outcome.reports = store.many("reports.of_run", duty=run.duty, run_id=run.run_id)
