"""The daily summary of operations: composed for each audience, for the time since it was last told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from include.audience import Audience, Told
from include.config.settings import Settings
from include.model import Run, Severity, State
from include.people.audiences import Routes
from include.queries import named_queries
from include.report import Composed, Rendered
from include.silences.windows import UNUSED, Standing, survey
from include.store import Row, Store, reports
from include.writing.csvs import csv_text
from include.writing.links import duty_link
from include.writing.rendering import render as render_template
from include.writing.wording import counted, moment, span

NAME = "daily_summary"
QUERIES = named_queries(Path(__file__).with_suffix(".sql"))
DAY = timedelta(days=1)
# More alerts than this are only counted: neither the mail nor the CSV file names them.
MOST, LISTED = 10_000, 25
COLUMNS = ("date", "type", "severity", "description", "state", "resolution", "resolved_by", "ended", "organization", "true_alarm")


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that the mail says: rows of the queries beside this file, as far as the audience may see them."""

    since: datetime
    now: datetime
    zone: ZoneInfo
    alerts: Sequence[Row]
    held_back: Sequence[Row]
    silences: Sequence[Standing]
    ui: str | None

    def count(self, what: str) -> int:
        """How many alerts there are, also of those that are not named: what `fired` and was `resolved` in the period, and is `open`."""
        return self.alerts[0][f"{what}_in_all"] if self.alerts else 0

    @property
    def open(self) -> list[Row]:
        """What is still open, worst first."""
        still = [row for row in self.alerts if row["state"] != State.RESOLVED]
        return sorted(still, key=lambda row: (-Severity(row["severity"]).rank, row["fired_at"]))

    @property
    def recent(self) -> list[Row]:
        """All of it, newest first."""
        return sorted(self.alerts, key=lambda row: (row["fired_at"], row["id"]), reverse=True)


@dataclass(frozen=True, slots=True)
class DailySummary:
    """Composes one summary per audience. `ui`: the address of the Airflow UI."""

    settings: Settings
    routes: Routes
    ui: str | None

    def compose(self, store: Store, run: Run, now: datetime) -> Sequence[Composed]:
        """One per audience and what it knew before; always due, also when there is nothing to say."""
        organizations = sorted({name for person in self.routes.administrators for name in person.organizations if name != "*"})
        return [
            self.composed(store, replace(audience, receivers=receivers), told, now)
            for audience in self.routes.audiences(False, organizations)
            for told, receivers in reports.told_before(store, run, NAME, audience).items()
        ]

    def composed(self, store: Store, audience: Audience, told: Told, now: datetime) -> Composed:
        """The summary of receivers who knew the same before."""
        since = told.at or now - DAY
        until: int = rows(store, "last_transition")[0]["coalesce"]
        alerts = rows(store, "recent", since=since, most=MOST, **audience.scope)
        held_back = [] if audience.limited else rows(store, "held_back", since=since)
        silences = [] if audience.limited else [one for one in survey(store, now) if notable(one, now)]
        facts = Summary(since, now, audience.zone, alerts, held_back, silences, self.ui)
        return Composed(NAME, audience, now, "daily", told, max(told.until, until), facts, outcomes=[words(facts)])

    def render(self, composed: Composed) -> Rendered:
        """The summary as a mail, with all alerts as a CSV file."""
        facts: Summary = composed.facts
        values = {**said(facts), "zone": facts.zone}
        return Rendered(
            subject=subject(facts),
            title=f"Daily summary, {moment(facts.now, facts.zone)}",
            html=render_template("reports/daily_summary.html", **values),
            plain=render_template("reports/daily_summary.txt", **values),
            csv=csv_text(COLUMNS, (line(row, facts.zone) for row in facts.recent)),
        )


def rows(store: Store, query: str, **parameters: Any) -> list[Row]:
    """The rows of a query beside this file."""
    return store.connection.execute(QUERIES[query].encode(), parameters).fetchall()


def subject(facts: Summary) -> str:
    """`🚨 CRITICAL: Daily summary: 3 fired, 2 resolved, 1 open`: the severity is that of the worst that is open."""
    return f"{worst(facts).badge}: Daily summary: {words(facts)}"


def worst(facts: Summary) -> Severity:
    """How bad the worst is that is open; success where nothing is."""
    return max((Severity(row["severity"]) for row in facts.open), key=lambda severity: severity.rank, default=Severity.SUCCESS)


def words(facts: Summary) -> str:
    """What there was, in numbers."""
    return ", ".join(f"{facts.count(what)} {what}" for what in ("fired", "resolved", "open"))


def said(facts: Summary) -> dict[str, Any]:
    """What the templates print."""
    return {
        "facts": facts,
        "title": "Daily summary",
        "words": words(facts),
        "worst": worst(facts),
        "period": f"{moment(facts.since, facts.zone)} to {moment(facts.now, facts.zone)}",
        "open": [shown(row, facts) for row in facts.open[:LISTED]],
        "recent": [shown(row, facts) for row in facts.recent[:LISTED]],
        "more": max(facts.count("open") + facts.count("resolved") - LISTED, 0),
        "filed": len(facts.alerts),
        "more_open": max(facts.count("open") - LISTED, 0),
        "held_back": [held(row) for row in facts.held_back],
        "silences": [window(one, facts) for one in facts.silences],
        "link": duty_link(facts.ui, NAME),
    }


def shown(row: Row, facts: Summary) -> dict[str, Any]:
    """One alert of a list."""
    ended = row["resolved_at"] or facts.now
    who = f" ({row['resolved_by']})" if row["resolution"] and row["resolved_by"] not in (None, "the monitoring") else ""
    return {
        "severity": str(row["severity"]),
        "at": moment(row["fired_at"], facts.zone),
        "type": f"{row['duty']} · {row['rule']}",
        "summary": row["summary"],
        "resolution": f"{row['resolution']}{who}" if row["resolution"] else standing(row),
        "lasted": span(ended - row["fired_at"]),
    }


def standing(row: Row) -> str:
    """How an open alert stands."""
    if row["acknowledged_by"]:
        return f"acknowledged by {row['acknowledged_by']}"
    quiet: str | None = row["quiet"]
    return quiet or ("no data" if row["state"] == State.UNKNOWN else "open")


def held(row: Row) -> str:
    """How many messages did not leave, to whom, and why."""
    why = row["error"] or str(row["state"]).replace("_", " ")
    return f"{counted(row['messages'], 'message')} to {row['receiver'] or 'nobody'} by {row['channel']}: {why}"


def notable(one: Standing, now: datetime) -> bool:
    """Whether a silence or maintenance begins or ends within a day, or seems to be of no use."""
    return bool(one.stale) or now < one.silence.starts_at <= now + DAY


def window(one: Standing, facts: Summary) -> str:
    """A silence or maintenance that somebody should know of."""
    silence = one.silence
    what = "maintenance" if silence.maintenance else "silence"
    where = " ".join(f"{name}={pattern}" for name, pattern in silence.matchers.items())
    begins = silence.starts_at > facts.now
    when = f"begins {moment(silence.starts_at, facts.zone)}" if begins else f"ends {moment(silence.ends_at, facts.zone)}"
    return f"{what} of {where} {when}, {silence.owner}: {silence.reason}" + (f" ({UNUSED})" if one.unused else "")


def line(row: Row, zone: ZoneInfo) -> tuple[object, ...]:
    """One alert of the CSV file."""
    ended = moment(row["resolved_at"], zone) if row["resolved_at"] else ""
    true_alarm = "" if row["true_alarm"] is None else "yes" if row["true_alarm"] else "no"
    where = row["labels"].get("organization", "")
    what = (moment(row["fired_at"], zone), f"{row['duty']}/{row['rule']}", row["severity"], row["summary"], row["state"])
    return (*what, row["resolution"] or "", row["resolved_by"] or "", ended, where, true_alarm)
