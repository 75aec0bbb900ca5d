"""Samples and the newest value of each series."""

from __future__ import annotations

from collections.abc import Sequence

from include.audience import Labels
from include.model import Sample
from include.store import Row, Store
from include.store.text import dumps, storable


def record(store: Store, samples: Sequence[Sample]) -> int:
    """Store the samples, with those that SQL let arrive before, and keep the newest of each series; how many there were.

    Within one transaction, as what has arrived and is not settled goes with it.
    """
    with store.transaction():
        make_room(store)
        with store.loading("samples.arrive") as load:
            for sample in samples:
                note = sample.note and storable(sample.note)
                load.write_row((sample.metric, dumps(dict(sample.labels)), sample.unit, sample.at, sample.value, note))
        settled: int = store.value("samples.settle")
        return settled


def make_room(store: Store) -> None:
    """A place in this session where samples may arrive."""
    store.change("samples.make_room")


def newest(store: Store, metric: str, labels: Labels) -> list[Row]:
    """The newest value of every series of the metric that has these labels: labels, unit, value, at, note."""
    return store.many("samples.newest", metric=metric, labels=dumps(dict(labels)))
