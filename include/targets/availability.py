"""How available HTTP targets are: counters, error budgets, response times and Apdex, out of the samples of their probes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from include.silences.silencing import Silence, Span, fits, joined
from include.store import Row, Store, budgets, samples

DUTY = "api_performance"
# Percent of the time in which a target should not fail, unless it says otherwise.
OBJECTIVE = 99.9
# Seconds up to which nobody minds an answer: T of the Apdex.
SATISFIED = 0.2


def derive(store: Store, now: datetime, objectives: Mapping[str, float]) -> int:
    """Store what follows from the probes since the last time, maintenance left out; how many samples that is. Every minute or so.

    `objectives`: target -> percent, of those that have one of their own.
    """
    with store.transaction():
        samples.make_room(store)
        targets = budgets.counting_since(store, now)
        since = min((target["since"] for target in targets), default=now)
        budgets.count(store, since, now, list(maintained(store, targets, since, now)))
        budgets.shares(store, now, objectives, OBJECTIVE)
        budgets.responses(store, now, SATISFIED)
        return samples.settle(store)


def maintained(store: Store, targets: Sequence[Row], since: datetime, now: datetime) -> Iterator[dict[str, object]]:
    """The times of the targets under maintenance that are to be counted now: labels, begins, ends."""
    windows = [Silence.from_row(row) for row in store.many("silences.maintenance", since=since, until=now)]
    for target in targets if windows else ():
        for span in times(windows, target, now):
            yield {"labels": target["labels"], "begins": span.begins.isoformat(), "ends": span.ends.isoformat()}


def times(windows: Sequence[Silence], target: Row, now: datetime) -> list[Span]:
    """When a target was under maintenance since it was last counted: in order and apart from each other."""
    values = {"duty": DUTY, **target["labels"]}
    return joined(span for window in windows if fits(window.matchers, values) for span in window.spans(target["since"], now))
