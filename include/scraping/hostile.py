"""What a target says is not to be trusted: labels are cut and cleaned, values that are no numbers are left out."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Collection, Iterable, Iterator

from include.metrics import Reading

LONGEST = 200
# Control characters, line separators and signs that turn the direction of writing.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def clean(readings: Iterable[Reading], signed: Collection[str] = ()) -> Iterator[Reading]:
    """Readings that can be stored: finite, not negative unless the metric is among `signed`, each series once."""
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    for reading in readings:
        labels = {name: seemly(value) for name, value in reading.labels.items()}
        series = (reading.metric, frozenset(labels.items()))
        if series not in seen and math.isfinite(reading.value) and (reading.value >= 0 or reading.metric in signed):
            seen.add(series)
            yield Reading(reading.metric, reading.value, labels, reading.note and seemly(reading.note, 300))


def seemly(text: str, longest: int = LONGEST) -> str:
    """The text on one line, at most so long; one that was cut stays another than one that begins alike."""
    if len(text) > longest:
        digest = hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
        text = f"{text[: longest - 9]}…{digest[:8]}"
    return UNSEEN.sub("\ufffd", text)
