"""The account digest as people get it: what the templates beside this file are given, and the CSV file with everything."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from include.ladder import EXPIRED, KINDS
from include.model import Severity
from include.report import Rendered
from include.reports import account_digest_words, charts
from include.reports.account_digest_facts import DigestFacts, News
from include.reports.account_digest_words import Figures
from include.store import Row
from include.writing.csvs import MOST_ATTACHED, csv_text, cut
from include.writing.links import duty_link
from include.writing.rendering import render as render_template
from include.writing.wording import moment, span

WORST = 10
ATTACHED = "in the attached CSV"
NOUNS = {"account": "account", "password": "password", "contract": "contract", "membership": "group membership"}
PLURALS = {"account": "Accounts", "password": "Passwords", "contract": "Contracts", "membership": "Memberships"}
REASONS = {"opened": "new", "worsened": "worse", "no_data": "no data", "recovered": "resolved"}
COLUMNS = (
    "organization", "kind", "username", "full_name", "email", "department", "role", "groups", "manager_name", "manager_email",
    "expires_at", "step", "time_left_hours", "past_grace", "grace_days", "first_seen", "newly_urgent", "reminder_state", "reminder_error",
)  # fmt: skip


def render(facts: DigestFacts) -> Rendered:
    """The digest in words and pictures."""
    csv = csv_of(facts)
    values = {**said(facts), **listed(facts), **places(csv, facts)}
    return Rendered(
        subject=account_digest_words.subject(facts),
        title=f"{account_digest_words.title(facts)}, {moment(facts.now, facts.zone)}",
        html=render_template("reports/account_digest.html", **values),
        plain=render_template("reports/account_digest.txt", **values),
        csv=csv,
    )


def said(facts: DigestFacts) -> dict[str, Any]:
    """The sentences and figures."""
    return {
        "facts": facts,
        "zone": facts.zone,
        "severity": account_digest_words.severity(facts),
        "title": account_digest_words.title(facts),
        "summary": account_digest_words.summary(facts),
        "without_data": account_digest_words.without_data(facts),
        "figures": Figures.of(facts),
        "outcomes": account_digest_words.outcomes(facts),
        "held": account_digest_words.held(facts),
        "told": account_digest_words.told_words(facts),
        "link": duty_link(facts.ui, "account_expiration"),
    }


def listed(facts: DigestFacts) -> dict[str, Any]:
    """The lists and tables, each with no more than the worst of it."""
    return {
        "worst": WORST,
        "news": [(change_of(news), news) for news in told_first(facts.news)],
        "others": other_alerts(facts),
        "urgent": [Entry.of(row, facts) for row in facts.newly_urgent[:WORST]],
        "accounts": [Entry.of(row, facts) for row in facts.accounts[:WORST]],
        "steps": [EXPIRED, *(str(days) for days in sorted(step.days for step in facts.steps if step.days is not None))],
        "kinds": [(PLURALS[kind], facts.past_grace.get(kind, 0), facts.counts[kind]) for kind in KINDS],
        "chart": Picture.of(facts),
    }


def places(csv: str, facts: DigestFacts) -> dict[str, str]:
    """Where the rows stand that the mail leaves out; the file may hold only some of them too."""
    rows = list(csv_entries(facts))
    kept = rows[: len(rows) - cut(csv, MOST_ATTACHED)[1]]
    worst = min(len(kept), len(facts.accounts))
    whole = worst == len(facts.accounts) and sum(row["items"] for row in facts.accounts) == facts.findings
    return {
        "rest_news": "each a line in the log of its task evaluate",
        "rest": ATTACHED if whole else f"{ATTACHED}, which holds the worst {worst:,}",
        "rest_urgent": place(kept, facts.newly_urgent),
        "rest_undeliverable": place(kept, facts.undeliverable),
    }


def place(kept: Sequence[Row], wanted: Sequence[Row]) -> str:
    """Where the rows of a list stand, given those of the file."""
    there = {same_end(row) for row in kept}
    found = sum(same_end(row) in there for row in wanted)
    return ATTACHED if found == len(wanted) else f"{ATTACHED}, which holds {found:,} of them"


def told_first(news: Sequence[News]) -> list[News]:
    """What is new or worse before what is over."""
    return sorted(news, key=lambda item: item.passed or item.reason == "recovered")


def change_of(news: News) -> str:
    """One or two words on what happened to the alert."""
    return "came and went" if news.passed else "gone" if news.gone else REASONS.get(news.reason, news.reason)


def other_alerts(facts: DigestFacts) -> list[tuple[Severity, Row]]:
    """Open alerts that the counts do not show (a silent source, reminders held), unless they are news."""
    news = {item.kind for item in facts.news}
    rows = [row for row in facts.open_alerts if row["rule"] != "accounts_expiring" and row["rule"] not in news]
    return [(Severity(row["severity"]), row) for row in rows]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list of accounts: who, what ends, and how urgent that is. The texts are somebody else's."""

    name: str
    username: str
    organization: str
    kind: str
    groups: str
    expires_at: datetime
    when: str
    severity: Severity

    @classmethod
    def of(cls, row: Row, facts: DigestFacts) -> Entry:
        """From a row of the list, as it stands at the digest's moment."""
        name, username = row["full_name"] or row["username"], row["username"] if row["full_name"] else ""
        groups = row["groups"] if row["kind"] == "membership" else ""
        when, severity = urgency(row, facts)
        return cls(name, username, row["organization"], NOUNS[row["kind"]], groups, row["expires_at"], when, severity)


def urgency(row: Row, facts: DigestFacts) -> tuple[str, Severity]:
    """`past grace for 5 days`, `expired 3 days ago`, `in 2 days 5 hours`, each with its severity."""
    left = row["expires_at"] - facts.now
    if is_past_grace(row, facts.now):
        return f"past grace for {span(left + timedelta(days=row['grace_days']))}", Severity.CRITICAL
    if left <= timedelta(0):
        return f"expired {span(left)} ago", Severity.WARNING
    return f"in {span(left)}", Severity.WARNING if left <= timedelta(days=facts.settings.urgent_days) else Severity.INFO


def is_past_grace(row: Row, now: datetime) -> bool:
    """Whether an end lies so far back that even the grace period is over."""
    return bool(row["expires_at"] <= now and row["expires_at"] + timedelta(days=row["grace_days"]) < now)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture inside the page, and what it shows for whoever does not see it."""

    address: str
    alt: str
    width: int
    height: int

    @classmethod
    def of(cls, facts: DigestFacts) -> Picture | None:
        """The chart of the next 90 days; None when nothing ends in them."""
        weeks, sums = charts.weeks_ahead(facts.calendar, facts.now, facts.zone)
        totals = [sum(numbers) for numbers in zip(*sums.values(), strict=True)]
        if not any(totals):
            return None
        png = charts.expirations(facts.calendar, facts.now, facts.zone)
        busiest = weeks[totals.index(max(totals))]
        alt = f"{sum(totals):,} ends in the next 90 days, most of them ({max(totals):,}) in the week from {busiest}"
        return cls(f"data:image/png;base64,{base64.b64encode(png).decode()}", alt, charts.WIDTH, charts.HEIGHT)


def csv_of(facts: DigestFacts) -> str:
    """Every entry with its full texts."""
    return csv_text(COLUMNS, csv_rows(facts))


def csv_rows(facts: DigestFacts) -> Iterator[list[object]]:
    """The entries as rows of the file. Moments are UTC, hours left are negative for what has expired."""
    urgent, failed = {same_end(row) for row in facts.newly_urgent}, {same_end(row): row for row in facts.undeliverable}
    for row in csv_entries(facts):
        told = failed.get(same_end(row), row)
        computed = {
            "expires_at": stamp(row["expires_at"]),
            "first_seen": stamp(row["first_seen"]) if "first_seen" in row else "",
            "time_left_hours": round((row["expires_at"] - facts.now).total_seconds() / 3600, 1),
            "past_grace": "yes" if is_past_grace(row, facts.now) else "no",
            "newly_urgent": "yes" if same_end(row) in urgent else "no",
            "reminder_state": told.get("reminder_state"),
            "reminder_error": told.get("reminder_error"),
        }
        yield [computed.get(column, row.get(column)) for column in COLUMNS]


def csv_entries(facts: DigestFacts) -> Iterator[Row]:
    """The list, worst first; then what is newly urgent or undeliverable and not, or no longer, in it."""
    listed = {same_end(row) for row in facts.accounts}
    yield from facts.accounts
    others = {same_end(row): row for row in (*facts.newly_urgent, *facts.undeliverable)}
    yield from (row for end, row in others.items() if end not in listed)


def same_end(row: Row) -> tuple[str, str, date]:
    """What reminders tell apart: account, kind and day of the end."""
    return row["account"], row["kind"], row["expires_at"].astimezone(UTC).date()


def stamp(at: datetime) -> str:
    """A moment for a machine."""
    return at.astimezone(UTC).isoformat(timespec="seconds")
