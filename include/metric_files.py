"""A metric that is only SQL is a file: what it is, and the query, in the manner of pgwatch.

    -- Who waits for a lock, and for whom.
    --
    -- asked: every minute
    -- needs: pg_monitor
    -- database_blocked in sessions: waiting for a lock that another one holds
    -- database_temp_bytes in bytes: written to temporary files since the statistics began
    -- database_temp_rate in bytes/s = database_temp_bytes per second: how much is written to them
    -- database_size{database} in bytes: of each database, the largest 20

    -- from 14: since when a lock is waited for is known
    select ...

`asked` and `needs` may be left out: then it is asked with each full reading, and needs no right. Without a line `from` the query is
for all versions. Its columns are called as the metrics, which have no value where it is NULL, and as their labels; `note` says why,
`query` is a statement that belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from include.metrics import Metric

OLDEST = 13
HEAD = re.compile(r"(?:--.*\n)+")
VERSION = re.compile(r"^-- from (\d+): \S.*\n", re.MULTILINE)
NEEDS = re.compile(r"needs: (\w+(?:, \w+)*)")
METRIC = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>\w+(?:, \w+)*)\})? in (?P<unit>\S+): (?P<meaning>\S.*)")
RATE = re.compile(r"(?P<name>\w+) in (?P<unit>\S+) = (?:(?P<scale>\d+) \* )?(?P<counter>\w+) per (?P<per>\w+): (?P<meaning>\S.*)")
CHEAP = "asked: every minute"


@dataclass(frozen=True, slots=True)
class MetricFile:
    """`name`: that of the file. `needs`: names of what must be there, as the source knows them. `variants`: SQL by first version."""

    name: str
    meaning: str
    cheap: bool
    needs: tuple[str, ...]
    metrics: Mapping[str, Metric]
    variants: Mapping[int, str]

    def query(self, version: int) -> str | None:
        """The SQL for a server of this major version; None: what is asked for is not there yet."""
        fitting = [first for first in self.variants if first <= version]
        return self.variants[max(fitting)] if fitting else None


def metric_files(folder: Path) -> dict[str, MetricFile]:
    """All of a folder by name. Raises ValueError that names the file for what is not as it should be, or stands twice."""
    files = {path.stem: metric_file(path) for path in sorted(folder.glob("*.sql"))}
    homes: dict[str, str] = {}
    for file in files.values():
        for metric in file.metrics:
            if metric in homes:
                raise ValueError(f"{file.name}.sql: {metric} stands in {homes[metric]}.sql already")
            homes[metric] = file.name
    return files


def metric_file(path: Path) -> MetricFile:
    """One file. Raises ValueError that names it."""
    text = path.read_text(encoding="utf-8")
    try:
        head = HEAD.match(text)
        if not head:
            raise ValueError("does not begin with what it is")
        return described(path.stem, head[0], variants(text[head.end() :]))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def described(name: str, head: str, variants: Mapping[int, str]) -> MetricFile:
    """The file of this head."""
    meaning, _, rest = head.partition("\n--\n")
    lines = [line.removeprefix("-- ") for line in rest.splitlines()]
    needs = [found for line in lines if (found := NEEDS.fullmatch(line))]
    declared = [line for line in lines if line != CHEAP and not NEEDS.fullmatch(line)]
    if len(lines) - len(declared) != len(needs) + (CHEAP in lines) or len(needs) > 1:
        raise ValueError("says twice when it is asked or what it needs")
    words = " ".join(line.removeprefix("--").strip() for line in meaning.splitlines())
    return MetricFile(name, words, CHEAP in lines, tuple(needs[0][1].split(", ")) if needs else (), metrics(declared), variants)


def metrics(lines: list[str]) -> dict[str, Metric]:
    """The metrics of a head, counters before their rates. Raises ValueError for a line that says nothing known."""
    known: dict[str, Metric] = {}
    for line in lines:
        found = METRIC.fullmatch(line) or RATE.fullmatch(line)
        if not found or found["name"] in known:
            raise ValueError(f"{line!r} is no line of a head, or says again what stands above")
        known[found["name"]] = metric(found.groupdict(), known)
    if not known:
        raise ValueError("names no metric")
    return known


def metric(said: Mapping[str, str | None], known: Mapping[str, Metric]) -> Metric:
    """The metric of a line; a rate has the labels of its counter. Raises ValueError for a rate of nothing."""
    unit, meaning = str(said["unit"]), str(said["meaning"])
    if "counter" not in said:
        return Metric(unit, meaning, tuple((said["labels"] or "").replace(",", "").split()))
    counter, per = str(said["counter"]), None if said["per"] == "second" else str(said["per"])
    counters = [known.get(name) for name in (counter, per) if name]
    labels = {one.labels for one in counters if one and not one.rate_of}
    if None in counters or len(labels) != 1:
        raise ValueError(f"{said['name']} grows with what is no counter above it, or not of the same labels")
    return Metric(unit, meaning, labels.pop(), counter, float(said["scale"] or 1), per)


def variants(text: str) -> dict[int, str]:
    """SQL by the first version it is for. Raises ValueError for what has none, or is in no order."""
    marks = list(VERSION.finditer(text))
    starts = [int(mark[1]) for mark in marks] or [OLDEST]
    pieces = [piece.strip().rstrip(";") for piece in VERSION.split(text)[::2]]
    if marks and pieces.pop(0):
        raise ValueError("has a query before its first version")
    if not all(pieces) or starts != sorted(set(starts)) or starts[0] < OLDEST:
        raise ValueError("has a version without a query, or versions in no order")
    return dict(zip(starts, pieces, strict=True))
