"""The ledger of runs: one row per run, stage and attempt, committed with what the stage wrote."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from include.logs import facts
from include.model import Clock, Run, Stage
from include.store import Store

log = logging.getLogger(__name__)
Counts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a stage; whoever makes it writes its outcome in its own transaction."""

    store: Store
    run: Run
    stage: Stage
    clock: Clock
    started_at: datetime

    def finish(self, counts: Counts, *, state: str = "complete", error: str | None = None) -> Counts:
        """Write the outcome: `complete`, `sick` (the source did not answer) or `failed` (our own fault)."""
        self.store.change(
            "runs.add",
            duty=self.run.duty,
            run_id=self.run.run_id,
            stage=self.stage,
            run_after=self.run.run_after,
            started_at=self.started_at,
            finished_at=self.clock(),
            state=state,
            counts=Jsonb(counts),
            error=error,
        )
        facts(log, f"{self.stage} {state}", duty=self.run.duty, run=self.run.run_id, stage=self.stage, **counts)
        return counts


def once(store: Store, run: Run, stage: Stage, clock: Clock, work: Callable[[Attempt], Counts]) -> Counts:
    """Do the work of a stage, unless it is complete: then its stored counts. A failure is written down and raised."""
    if (done := already_done(store, run, stage, clock())) is not None:
        return done
    with failure_recorded(Attempt(store, run, stage, clock, clock())) as attempt:
        return work(attempt)


def already_done(store: Store, run: Run, stage: Stage, now: datetime) -> Counts | None:
    """The counts of a complete stage, or of one that met a sick source and whose moment has passed; else None.

    What the run has measured anew since is judged anew.
    """
    row = store.one("runs.newest", duty=run.duty, run_id=run.run_id, stage=stage)
    if row is None or row["outdated"] or row["state"] == "failed" or (row["state"] == "sick" and not run.is_past(now)):
        return None
    facts(log, f"{stage} already done at {row['finished_at']:%Y-%m-%d %H:%M:%S}", duty=run.duty, run=run.run_id, stage=stage)
    return dict(row["counts"])


def over(store: Store, run: Run, failed: Sequence[str], clock: Clock) -> None:
    """Write that a run has come to its end, and which of its tasks failed."""
    why = f"failed in: {', '.join(failed)}" if failed else None
    Attempt(store, run, Stage.OVER, clock, clock()).finish({}, state="failed" if failed else "complete", error=why)


@contextmanager
def failure_recorded(attempt: Attempt) -> Iterator[Attempt]:
    """Writes a `failed` row for whatever escapes, where the store still takes it, and lets it go on."""
    try:
        yield attempt
    except BaseException as error:  # outermost, and a task that is out of time too: the row says what the log says; the error goes on
        try:
            attempt.finish({}, state="failed", error=f"{type(error).__name__}: {error}"[:1000])
        except psycopg.Error:
            log.warning("the failure could not be written to the store: it does not answer")
        raise
