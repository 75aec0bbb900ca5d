"""The log of a watcher's duty: what changed since the run before, in the task's log and as a stored page. It is mailed to nobody."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from include.audience import Audience, Told
from include.config.settings import Settings
from include.logs import facts
from include.model import Run, Severity
from include.people.audiences import Routes
from include.report import Composed, Rendered
from include.store import Row, Store
from include.store.reports import Behind
from include.writing.csvs import csv_text
from include.writing.rendering import render as render_template
from include.writing.wording import counted, moment

NAME = "watch_log"
EVERYBODY = Audience(None, ())
COLUMNS = ("at", "severity", "reason", "summary", "target")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of a duty's alerts behind the last log, oldest first: rows of `alerts.changes_since`."""

    duty: str
    now: datetime
    zone: ZoneInfo
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class WatchLog:
    """Composes the log of one duty. `ui`: the address of the Airflow UI."""

    settings: Settings
    routes: Routes
    ui: str | None

    def compose(self, store: Store, run: Run, now: datetime) -> Sequence[Composed]:
        """One for everybody who may look into Airflow; kept when something has changed."""
        behind = Behind.of(store, run, NAME)
        for row in behind.changes:
            facts(log, "change", duty=run.duty, at=f"{row['at']:%H:%M:%S.%f}"[:-3], reason=row["reason"], what=row["summary"])
        found = Changes(run.duty, now, ZoneInfo(self.settings.monitoring.zone), behind.changes)
        reason, words = "changed" if behind.changes else None, counted(len(behind.changes), "change")
        return [Composed(NAME, EVERYBODY, now, reason, Told(behind.told), behind.until, found, (words,))]

    def render(self, composed: Composed) -> Rendered:
        """The changes as a page, as text, and as a CSV file."""
        found: Changes = composed.facts
        title = f"{found.duty}, {moment(found.now, found.zone)}"
        values: dict[str, Any] = {"title": title, "changes": [shown(row, found.zone) for row in found.rows]}
        return Rendered(
            subject=title,
            title=title,
            html=render_template("reports/watch_log.html", **values),
            plain=render_template("reports/watch_log.txt", **values),
            csv=csv_text(COLUMNS, ([change[name] for name in COLUMNS] for change in values["changes"])),
        )


def shown(row: Row, zone: ZoneInfo) -> dict[str, str]:
    """One change, as people read it."""
    severity = Severity.SUCCESS if row["reason"] == "recovered" else Severity(row["severity"])
    target = row["labels"].get("target", "")
    return {"at": moment(row["at"], zone), "severity": severity, "reason": row["reason"], "summary": row["summary"], "target": target}
