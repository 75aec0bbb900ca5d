"""How the targets of a duty are: what each says now and which limits it has reached, as a stored page. It is mailed to nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from include.audience import Audience, Told
from include.config.settings import Settings
from include.metrics import metrics_of
from include.model import Run
from include.people.audiences import Routes
from include.queries import named_queries
from include.report import Composed, Rendered
from include.store import Row, Store, alerts
from include.store.reports import Behind
from include.writing.csvs import csv_text
from include.writing.rendering import render as render_template
from include.writing.wording import counted, measured, moment

NAME = "health"
QUERIES = {name: text.encode() for name, text in named_queries(Path(__file__).with_suffix(".sql")).items()}
EVERYBODY = Audience(None, ())
# What is older says nothing about now.
FRESH = timedelta(minutes=15)
# A page is kept whenever an alert has changed, and else so often.
EVERY = timedelta(hours=1)
# Of each target so many values are shown, shares of something first; the file has all of them.
SHOWN = 12
# The labels of what is said of a target as a whole.
WHOLE = ("target", "environment")
COLUMNS = ("target", "environment", "metric", "labels", "value", "unit", "at", "note")


@dataclass(frozen=True, slots=True)
class Health:
    """What a page shows. `sources`, `values`: rows of the queries beside; `open`: rows of open alerts."""

    duty: str
    now: datetime
    zone: ZoneInfo
    sources: Sequence[Row]
    values: Sequence[Row]
    open: Sequence[Row]


@dataclass(frozen=True, slots=True)
class HealthPage:
    """Composes the page of one duty. `ui`: the address of the Airflow UI."""

    settings: Settings
    routes: Routes
    ui: str | None

    def compose(self, store: Store, run: Run, now: datetime) -> Sequence[Composed]:
        """One for everybody who may look into Airflow; kept when something has changed, and once an hour."""
        behind = Behind.of(store, run, NAME)
        (row,) = store.connection.execute(QUERIES["written_at"], {"duty": run.duty, "name": NAME, "run_id": run.run_id}).fetchall()
        reason = "changed" if behind.changes else "hourly" if row["at"] is None or now - row["at"] >= EVERY else None
        read = cache(partial(self.found, store, run, now))  # by who renders: mostly nobody does
        return [Composed(NAME, EVERYBODY, now, reason, Told(behind.told), behind.until, read, (summary(read()),) if reason else ())]

    def found(self, store: Store, run: Run, now: datetime) -> Health:
        """Everything that the page shows."""
        since, names = now - FRESH, list(metrics_of(run.duty))
        values = store.connection.execute(QUERIES["newest"], {"metrics": names, "since": since}).fetchall()
        sources = store.connection.execute(QUERIES["sources"], {"duty": run.duty, "since": since}).fetchall()
        standing = alerts.open_rows(store, run.duty, EVERYBODY)
        return Health(run.duty, now, ZoneInfo(self.settings.monitoring.zone), sources, values, standing)

    def render(self, composed: Composed) -> Rendered:
        """The page, the same as text, and every value as a CSV file."""
        found: Health = composed.facts()
        title = f"{found.duty}, {moment(found.now, found.zone)}"
        open_alerts = [{"severity": row["severity"], "state": row["state"], "summary": row["summary"]} for row in found.open]
        values: dict[str, Any] = {"title": title, "summary": summary(found), "targets": list(targets(found)), "open": open_alerts}
        return Rendered(
            subject=title,
            title=title,
            html=render_template("reports/health.html", **values),
            plain=render_template("reports/health.txt", **values),
            csv=csv_text(COLUMNS, map(csv_row, found.values)),
        )


def summary(found: Health) -> str:
    """`3 targets, 1 does not answer, 2 open alerts`."""
    silent = sum(row["value"] != 1 for row in found.sources)
    words = [counted(len(found.sources), "target"), f"{silent} without an answer" if silent else "", counted(len(found.open), "open alert")]
    return ", ".join(filter(None, words))


def targets(found: Health) -> Iterator[dict[str, Any]]:
    """Each target, with what it says: those that do not answer first."""
    said = {name: list(rows) for name, rows in groupby(found.values, key=lambda row: row["labels"]["target"])}
    for source in sorted(found.sources, key=lambda row: row["value"]):
        labels = source["labels"]
        rows = sorted(said.get(labels["target"], []), key=weight)
        values = [value(row) for row in rows[:SHOWN]]
        more = max(len(rows) - SHOWN, 0)
        yield {
            "name": labels["target"],
            "environment": labels.get("environment", ""),
            "why": source["note"],
            "values": values,
            "more": more,
        }


def weight(row: Row) -> tuple[bool, bool, float, str]:
    """Shares first, those of the whole target before those of its parts, the largest on top; then the rest by name."""
    share, whole = row["unit"] == "percent", len(row["labels"]) == len(WHOLE)
    return not share, not whole, -row["value"] if share else 0.0, row["metric"]


def value(row: Row) -> dict[str, Any]:
    """One value, as people read it; `share`: how long its bar is, in percent, None for what is no share."""
    labels = {name: text for name, text in row["labels"].items() if name not in ("target", "environment")}
    share = min(max(row["value"], 0), 100) if row["unit"] == "percent" else None
    what = " ".join([row["metric"].replace("_", " "), *labels.values()])
    return {"what": what, "value": measured(row["value"], row["unit"]), "share": share, "note": row["note"]}


def csv_row(row: Row) -> list[Any]:
    """One value as it is in the store."""
    labels = dict(row["labels"])
    target, environment = labels.pop("target"), labels.pop("environment", "")
    rest = " ".join(f"{name}={text}" for name, text in sorted(labels.items()))
    return [target, environment, row["metric"], rest, row["value"], row["unit"], row["at"].isoformat(), row["note"] or ""]
