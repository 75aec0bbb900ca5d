"""PostgreSQL servers of version 13 to 18: each metric is a file of the folder `postgresql`. What a role may not see harms nothing else."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from glob import iglob
from pathlib import Path
from typing import ClassVar

import psycopg
from psycopg import errors, sql
from psycopg.rows import DictRow

from include.asking.hanging import Hangs, answer
from include.asking.onlooker import OF_CATALOGUE, Onlooker, onlooking
from include.asking.statements import told
from include.audience import Labels
from include.config.targets import Backup
from include.failures import SourceError, first_line
from include.metric_files import MetricFile, metric_files
from include.metrics import Metric, Reading, unanswered
from include.queries import named_queries
from include.scraping.hostile import clean

HERE = Path(__file__)
FILES = metric_files(HERE.with_suffix(""))
QUERIES = named_queries(HERE.with_suffix(".sql"))
OWN = {
    "database_response_time": Metric("s", "how long it took to connect, and to answer", ("phase",)),
    "table_rows": Metric("rows", "of the tables that `row_counts` names; counted where they are few, else estimated", ("table",)),
    "metric_permitted": Metric("bool", "whether what a file of metrics needs is there; the note says what to run if not", ("metric",)),
    "metrics_unanswered": Metric("count", "files of metrics that were permitted and gave none all the same, as when they took too long"),
}
# The first is asked every minute.
NEEDS = ("needs", "needs_of_tables")
METRICS: dict[str, Metric] = OWN | {name: metric for file in FILES.values() for name, metric in file.metrics.items()}
PATIENCE = timedelta(seconds=5)
STATEMENT, NOTE = 300, 500
# Pages of 8 kB: a table of so many is counted within a moment.
COUNTED = 10_000
# In a file: the schema of an extension, as PostgreSQL's own scripts say it.
STATEMENTS = "@extschema:pg_stat_statements@"
REFUSED = re.compile(r"permission denied for (schema|table|view|materialized view) (.+)")
NOT_THERE = errors.UndefinedTable, errors.UndefinedFunction, errors.UndefinedColumn


@dataclass(frozen=True, slots=True)
class PostgresGauge:
    """One server, by the database that `conninfo` leads to: tables and indexes are those of this database, all else is of the server.

    `row_counts`: tables as `schema.table`. `backup`: where the moment of the last one is read. `patience`: for each statement.
    """

    kind: ClassVar[str] = "databases"

    labels: Labels
    conninfo: str = field(repr=False)
    row_counts: tuple[str, ...] = ()
    backup: Backup = field(default_factory=Backup)
    patience: timedelta = PATIENCE

    def read(self, within: timedelta, cheap: bool) -> list[Reading]:
        """All metrics, or the cheap ones. Raises SourceError when the server does not answer, or not to the end."""
        with onlooking(self.conninfo, within, min(self.patience, within / 4), OF_CATALOGUE) as onlooker:
            look = first_look(onlooker, cheap)
            for question in self.questions(cheap):
                look.ask(question)
        return list(clean(look.readings if cheap else [*look.readings, *look.outcomes()], METRICS))

    def questions(self, cheap: bool) -> Iterator[Question]:
        """What is asked, the cheap first: whatever takes long comes last, and only if there is time."""
        yield from (of_file(file) for file in FILES.values() if file.cheap)
        if cheap:
            return
        yield from (Question("table_rows", partial(rows_of, table), ("table_rows", "table_rows_drop")) for table in self.row_counts)
        if self.backup.query or self.backup.file:
            yield Question("backup", self.backup_age, ("backup_age",))
        yield from (of_file(file) for file in FILES.values() if not file.cheap and not (file.name == "backup" and self.backup != Backup()))

    def backup_age(self, onlooker: Onlooker) -> Iterator[Reading]:
        """How old the newest backup is. Raises Unanswered when that cannot be known."""
        made, note = queried(onlooker, self.backup.query) if self.backup.query else newest(str(self.backup.file), onlooker.patience)
        yield Reading("backup_age", (datetime.now(UTC) - made).total_seconds(), note=note)


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask, that may come to nothing without harm to others. `metrics`: its answer. `needs`: as in `postgresql.sql`."""

    name: str
    answer: Callable[[Onlooker], Iterable[Reading]]
    metrics: tuple[str, ...]
    needs: tuple[str, ...] = ()


class Unanswered(Exception):
    """There is no value; says why."""


@dataclass(slots=True)
class Look:
    """One look at a server: what it said; `unmet`: what to do about the needs that are not met.

    `permitted`: by name of a question, what to do about it, or None. `failed`: by name, why there is nothing all the same.
    """

    onlooker: Onlooker
    readings: list[Reading]
    unmet: dict[str, str]
    asked: dict[str, Question] = field(default_factory=dict)
    permitted: dict[str, str | None] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def ask(self, question: Question) -> None:
        """Add what comes of a question. Raises psycopg.Error when nothing can be asked any more."""
        self.asked[question.name] = question
        refusal = next((self.unmet[need] for need in question.needs if need in self.unmet), None)
        self.permitted[question.name] = self.permitted.get(question.name) or refusal
        if refusal:
            return
        try:
            self.readings += list(question.answer(self.onlooker))
        except psycopg.Error as error:
            if not self.onlooker.lives():
                raise
            self.note(question.name, error)
        except (Unanswered, SourceError, TimeoutError) as error:
            self.failed[question.name] = str(error)

    def note(self, name: str, error: psycopg.Error) -> None:
        """What became of a question that the server refused."""
        if isinstance(error, errors.InsufficientPrivilege):
            self.permitted[name] = f"not permitted: {first_line(error)}{grant(error, self.onlooker.connection.info.user)}"
        elif isinstance(error, NOT_THERE):
            self.permitted[name] = f"not there: {first_line(error)}"
        else:
            self.failed[name] = first_line(error)

    def outcomes(self) -> Iterator[Reading]:
        """What was permitted and what was not, and what else has no answer."""
        for name, otherwise in self.permitted.items():
            yield Reading("metric_permitted", float(otherwise is None), {"metric": name}, otherwise)
            if why := otherwise or self.failed.get(name):
                yield from unanswered(self.asked[name].metrics, why[:NOTE])
        why = "; ".join(f"{name}: {reason}" for name, reason in self.failed.items())
        yield Reading("metrics_unanswered", len(self.failed), note=why[:NOTE] or None)


def grant(error: psycopg.Error, role: str) -> str:
    """What to run so that a role may do what it was refused; nothing where that is not plain."""
    found = REFUSED.fullmatch(first_line(error))
    if not found:
        return ""
    kind, name = found.groups()
    what = f"USAGE ON SCHEMA {name}" if kind == "schema" else f"SELECT ON {name}"
    return f": run GRANT {what} TO {role}"


def first_look(onlooker: Onlooker, cheap: bool) -> Look:
    """Whether it answers at all, and to what. Raises SourceError for a server that takes too long for anything more."""
    try:
        return Look(onlooker, response_times(onlooker), unmet(onlooker, cheap))
    except TimeoutError as error:
        raise SourceError(f"it answers too slowly: {error}") from None


def response_times(onlooker: Onlooker) -> list[Reading]:
    """How long it took to connect, and takes to answer what is no work."""
    started = time.monotonic()
    onlooker.rows("select 1")
    phases = {"connect": onlooker.connecting, "query": time.monotonic() - started}
    return [Reading("database_response_time", seconds, {"phase": phase}) for phase, seconds in phases.items()]


def unmet(onlooker: Onlooker, cheap: bool) -> dict[str, str]:
    """What to do about each need that is not met."""
    known = [row for name in NEEDS[: 1 if cheap else None] for row in needs(onlooker, name)]
    return {row["need"]: row["otherwise"] for row in known if not row["met"]}


def needs(onlooker: Onlooker, name: str) -> list[DictRow]:
    """What a query of needs says; where there are too many tables to look at each, that is why what needs them all is not asked."""
    try:
        return onlooker.rows(QUERIES[name])
    except psycopg.errors.QueryCanceled as error:
        if name == NEEDS[0]:
            raise
        return [{"need": "all_tables", "met": False, "otherwise": f"not known: {first_line(error)}"}]


def of_file(file: MetricFile) -> Question:
    """The question that a file is."""
    return Question(file.name, partial(answers, file), tuple(file.metrics), file.needs)


def answers(file: MetricFile, onlooker: Onlooker) -> Iterator[Reading]:
    """The readings that its rows are; none from a server that is too old."""
    query = file.query(onlooker.version)
    for row in onlooker.rows(placed(query, onlooker)) if query else ():
        note = note_of(row)
        for name, metric in file.metrics.items():
            if row.get(name) is not None:
                yield Reading(name, float(row[name]), {label: str(row[label]) for label in metric.labels}, note)


def placed(query: str, onlooker: Onlooker) -> str:
    """The query, with the schema of what it says stands elsewhere than in the catalogue."""
    if STATEMENTS not in query:
        return query
    return query.replace(STATEMENTS, onlooker.rows(QUERIES["statements"])[0]["schema"])


def note_of(row: DictRow) -> str | None:
    """Its note and its statement, in one line; strangers wrote both."""
    note = " ".join((row.get("note") or "").split())[:NOTE]
    statement = told(row["query"], STATEMENT) if row.get("query") else ""
    return ": ".join(part for part in (note, statement) if part) or None


def rows_of(table: str, onlooker: Onlooker) -> Iterator[Reading]:
    """How many rows a table has; none where there is no such table any more."""
    known = onlooker.rows(QUERIES["table_rows"], {"table": table})[0]
    if known["name"] is None:
        yield Reading("table_rows", 0, {"table": table}, "there is no such table")
        return
    counted = count(known, onlooker) if known["readable"] and known["pages"] <= COUNTED else None
    rows, how = (known["rows"], "estimated") if counted is None else (counted, "counted")
    yield Reading("table_rows", float(rows or 0), {"table": table}, how)


def count(known: DictRow, onlooker: Onlooker) -> int | None:
    """The rows of a table that should be small; None where that is not to be had."""
    query = sql.SQL("select count(*) as rows from {}").format(sql.Identifier(known["schema"], known["name"]))
    try:
        return int(onlooker.rows(query)[0]["rows"])
    except psycopg.Error:
        if not onlooker.lives():
            raise
        return None


def queried(onlooker: Onlooker, query: str) -> tuple[datetime, str | None]:
    """The moment that the user's statement gives. Raises Unanswered for anything else."""
    made = next(iter((next(onlooker.strangers(query), None) or {}).values()), None)
    if not isinstance(made, datetime) or made.tzinfo is None:
        raise Unanswered("the query gives no moment: a timestamptz is needed, of a backup that is there")
    return made, None


def newest(pattern: str, patience: timedelta) -> tuple[datetime, str]:
    """When the newest file that is not empty was written, and its path. Raises Unanswered when there is none, or its server is gone."""
    try:
        return answer(("backup", pattern), partial(newest_of, pattern), patience.total_seconds())
    except Hangs:
        raise Unanswered(f"{pattern} cannot be looked at: its file system does not answer") from None
    except OSError as error:
        raise Unanswered(f"{pattern} cannot be looked at: {error.strerror}") from None


def newest_of(pattern: str) -> tuple[datetime, str]:
    """The newest file and its path, however long that takes. Raises OSError, and Unanswered when there is none."""
    files = [(path.stat().st_mtime, str(path)) for path in map(Path, iglob(pattern)) if path.is_file() and path.stat().st_size]
    if not files:
        raise Unanswered(f"there is no file like {pattern} that is not empty")
    moment, path = max(files)
    return datetime.fromtimestamp(moment, UTC), path[-NOTE:]
