"""How the sources of a duty stand: what they said last, unless that is too long ago to count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from include.audience import Labels
from include.model import Run, Stage
from include.store import Row, Store
from include.store.samples import newest
from include.writing.wording import span

# A collection may fail or be late once; after two intervals its source counts as silent.
PATIENCE = 2


@dataclass(frozen=True, slots=True)
class SourceState:
    """Whether a source, or one target of it, answers, as of when, and why not. `known`: it has answered the duty at some time.

    `labels`: the target's, with the source.
    """

    source: str
    up: bool
    as_of: datetime
    why: str | None
    labels: Labels
    known: bool = True


def source_states(store: Store, run: Run, now: datetime) -> list[SourceState]:
    """One state per source that the duty ever asked."""
    states = [state_of(row, run, now) for row in newest(store, "source_up", {"duty": run.duty})]
    if all(state.up for state in states):
        return states
    known: bool = store.value("runs.ever_complete", duty=run.duty, stage=Stage.COLLECT)
    return [replace(state, known=known) for state in states]


def silent(store: Store, run: Run, now: datetime) -> SourceState | None:
    """The first source of the duty that does not answer, if any."""
    return next((state for state in source_states(store, run, now) if not state.up), None)


def state_of(row: Row, run: Run, now: datetime) -> SourceState:
    """The state that a `source_up` sample stands for. What nobody measured any more is missing as of now."""
    labels = {name: value for name, value in row["labels"].items() if name != "duty"}
    source: str = labels["source"]
    if why := too_old(row["at"], run, now):
        return SourceState(source, False, now, why, labels)
    return SourceState(source, row["value"] == 1, row["at"], row["note"], labels)


def too_old(at: datetime, run: Run, now: datetime) -> str | None:
    """Why what was read at a moment no longer counts, as it does for two intervals."""
    return f"nothing was collected for {span(now - at)}" if run.interval and now - at > PATIENCE * run.interval else None
