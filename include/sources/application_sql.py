"""An application's own numbers from its database: a file of named queries, each of which is one metric (docs/sources.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import psycopg

from include.asking.onlooker import Onlooker, onlooking
from include.audience import Labels
from include.failures import SourceError, first_line
from include.metrics import Metric, Reading, unanswered
from include.queries import blocks, named_queries
from include.scraping.hostile import clean, seemly

SECURENET = Path(__file__).with_name("application_securenet.sql")
WRAPPED = named_queries(Path(__file__).with_name("application_sql.sql"))["values"]
HEAD = re.compile(r"^-- name: (\w+)\n((?:-- .*\n)*)", re.MULTILINE)
FACT = re.compile(r"^-- (unit|labels|cheap): *(.*)\n", re.MULTILINE)
# Rows of one query: more than a fleet stores, so that it says how many it drops.
MOST_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Question:
    """One query and what its `value` means. `cheap`: it may be asked every minute."""

    name: str
    metric: Metric
    sql: str
    cheap: bool


def questions(path: Path) -> tuple[Question, ...]:
    """The queries of a file as it is now. Raises OSError and ValueError."""
    return understood(path.read_text(encoding="utf-8"), path.name)


@lru_cache
def understood(text: str, name_of_file: str) -> tuple[Question, ...]:
    """The queries of a file's text. Raises ValueError."""
    heads = dict(HEAD.findall(text))
    if not heads:
        raise ValueError("it has no query; allowed: as in `-- name: active_users`, a line that describes it, `-- unit: users`")
    return tuple(question(name, heads[name], sql) for name, sql in blocks(text, name_of_file).items())


def question(name: str, head: str, sql: str) -> Question:
    """One block."""
    facts = {key: value.strip() for key, value in FACT.findall(head)}
    meaning = " ".join(line.removeprefix("-- ") for line in FACT.sub("", head).splitlines())
    labels = tuple(facts.get("labels", "").replace(",", " ").split())
    return Question(name, Metric(facts.get("unit", "count"), meaning, labels), sql, facts.get("cheap") == "yes")


@dataclass(frozen=True, slots=True)
class ApplicationSql:
    """An application whose database is asked the queries of a file, SecureNet's by default; `longest`: what one of them may take."""

    kind: ClassVar[str] = "applications"

    labels: Labels
    conninfo: str = field(repr=False)
    query: Path | None = None
    longest: timedelta = timedelta(seconds=5)

    @property
    def path(self) -> Path:
        """The file in force."""
        return self.query or SECURENET

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """What it says; nothing for a file that cannot be used, which its reading says, as other targets must not suffer from it."""
        with suppress(OSError, ValueError):
            return {one.name: one.metric for one in questions(self.path)}
        return {}

    def read(self, within: timedelta, cheap: bool) -> Iterable[Reading]:
        """What each query gives, and whether it could be asked. Raises SourceError when none could."""
        asked = [one for one in self.questions() if one.cheap or not cheap]
        if not asked:
            return
        failed: list[str] = []
        with onlooking(self.conninfo, within, min(self.longest, within / 3)) as onlooker:
            for one in asked:
                yield from answered(onlooker, one, failed)
        if len(failed) == len(asked):
            raise SourceError(failed[0])

    def questions(self) -> tuple[Question, ...]:
        """The queries. Raises SourceError for a file that cannot be used."""
        try:
            return questions(self.path)
        except (OSError, ValueError) as error:
            raise SourceError(f"{self.path}: {first_line(error)}") from None


def answered(onlooker: Onlooker, one: Question, failed: list[str]) -> Iterator[Reading]:
    """The values of one query, or why there are none, which keeps no other from being asked."""
    labels, why, note = {"query": one.name}, None, None
    try:
        found = list(values(onlooker, one))
        yield from (kept := list(clean(found, [one.name])))
        note = left_out(len(found) - len(kept), len(found))
    except (psycopg.Error, SourceError, TimeoutError) as error:
        why = f"not permitted: {first_line(error)}" if isinstance(error, psycopg.errors.InsufficientPrivilege) else first_line(error)
        note = seemly(why, 300)
        failed.append(f"{one.name}: {why}")
        yield from unanswered([one.name], note)
    yield Reading("query_up", 0 if why else 1, labels, note)


def left_out(less: int, rows: int) -> str | None:
    """What is said of rows that are no readings."""
    return f"{less} of {rows} rows are left out: no number, or labels that stand twice" if less else None


def values(onlooker: Onlooker, one: Question) -> Iterator[Reading]:
    """A reading for each row: `value`, and the other columns as labels; rows without a value are none.

    Raises SourceError, psycopg.Error, and TimeoutError where there is no time to ask.
    """
    for found in onlooker.strangers(WRAPPED.format(sql=one.sql, most=MOST_ROWS)):
        if "value" not in found:
            raise SourceError("it has no column named value")
        if (value := number(found.pop("value"))) is not None:
            yield Reading(one.name, value, {name: "" if label is None else str(label) for name, label in found.items()})


def number(value: Any) -> float | None:
    """A value as a number; None for NULL. Raises SourceError for what is none."""
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        raise SourceError(f"its value is no number: {seemly(str(value), 40)}") from None
