"""Samples and the newest value of each series."""

from __future__ import annotations

from collections.abc import Sequence

from include.audience import Labels
from include.model import Sample
from include.store import Row, Store
from include.store.text import dumps, storable


def record(store: Store, samples: Sequence[Sample]) -> int:
    """Store the samples and keep the newest of each series; how many there were."""
    if not samples:
        return 0
    wanted = [(sample.metric, dict(sample.labels), sample.unit) for sample in samples]
    ids = [row["id"] for row in store.many("samples.register", series=dumps(wanted))]
    notes = [sample.note and storable(sample.note) for sample in samples]
    with store.loading("samples.load") as load:
        for series_id, sample, note in zip(ids, samples, notes, strict=True):
            load.write_row((series_id, sample.at, sample.value, note))
    store.change(
        "samples.keep_latest",
        series=ids,
        ats=[sample.at for sample in samples],
        values=[float(sample.value) for sample in samples],
        notes=notes,
    )
    return len(samples)


def newest(store: Store, metric: str, labels: Labels) -> list[Row]:
    """The newest value of every series of the metric that has these labels: labels, unit, value, at, note."""
    return store.many("samples.newest", metric=metric, labels=dumps(dict(labels)))
