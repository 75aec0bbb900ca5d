"""Samples and the newest value of each series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from include.audience import Labels
from include.model import Sample
from include.store import Row, Store
from include.store.text import dumps, storable

# So many series a target may have had within a day.
MOST_OF_A_DAY = 3000


def record(store: Store, samples: Sequence[Sample]) -> int:
    """Store the samples, with those that SQL let arrive before, and keep the newest of each series; how many there were.

    Within one transaction, as what has arrived and is not settled goes with it.
    """
    with store.transaction():
        arrive(store, samples)
        return settle(store)


def settle(store: Store) -> int:
    """Make samples of what has arrived; how many."""
    settled: int = store.value("samples.settle")
    return settled


def arrive(store: Store, samples: Sequence[Sample]) -> None:
    """Let samples arrive, to be settled in the same transaction."""
    make_room(store)
    with store.loading("samples.arrive") as load:
        for sample in samples:
            note = sample.note and storable(sample.note)
            load.write_row((sample.metric, dumps(dict(sample.labels)), sample.unit, sample.at, sample.value, note))


def rates(store: Store, rates: Sequence[Mapping[str, object]]) -> None:
    """Let the rates of counters arrive, from what has arrived and the value before it. Each: metric, counter, per, unit, scale."""
    if rates:
        store.change("samples.rates", rates=dumps(list(rates)))


def limit(store: Store, now: datetime) -> None:
    """Of a target that has had MOST_OF_A_DAY series within a day let no further ones arrive; `series_dropped` says so."""
    store.change("samples.limit", now=now, most=MOST_OF_A_DAY)


def make_room(store: Store) -> None:
    """A place in this session where samples may arrive."""
    store.change("samples.make_room")


def newest(store: Store, metric: str, labels: Labels) -> list[Row]:
    """The newest value of every series of the metric that has these labels: labels, unit, value, at, note."""
    return store.many("samples.newest", metric=metric, labels=dumps(dict(labels)))
