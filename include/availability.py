"""How available HTTP targets are: counters, error budgets, response times and Apdex, out of the samples of their probes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from include.silencing import Silence, Span, fits, joined
from include.store import Row, Store, derived, samples

DUTY = "api_performance"


def derive(store: Store, now: datetime, objective: float = derived.OBJECTIVE) -> int:
    """Store what follows from the probes up to now, maintenance left out; how many samples that is. Once a minute is often enough."""
    with store.transaction():
        samples.make_room(store)
        derived.count(store, now, list(maintained(store, now)))
        samples.settle(store)
        derived.rates(store, now, objective)
        return samples.settle(store)


def maintained(store: Store, now: datetime) -> Iterator[dict[str, object]]:
    """The times under maintenance that are to be counted now: labels, begins, ends."""
    targets = derived.counting_since(store, now)
    since = min((target["since"] for target in targets), default=now)
    windows = [Silence.from_row(row) for row in store.many("silences.maintenance", since=since, until=now)]
    for target in targets if windows else ():
        for span in times(windows, target, now):
            yield {"labels": target["labels"], "begins": span.begins.isoformat(), "ends": span.ends.isoformat()}


def times(windows: Sequence[Silence], target: Row, now: datetime) -> list[Span]:
    """When a target was under maintenance since it was last counted: in order and apart from each other."""
    values = {"duty": DUTY, **target["labels"]}
    return joined(span for window in windows if fits(window.matchers, values) for span in window.spans(target["since"], now))
