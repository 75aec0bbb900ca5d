"""What the digest of account expiration says, read from the store: for one audience, since it was last told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from include.audience import Audience, Told
from include.config.settings import AccountExpiration, Settings
from include.ladder import EXPIRED, KINDS, Step, as_parameters, ladder
from include.model import Reason, Run, Severity, State
from include.source_state import silent, source_states, too_old
from include.store import Row, Store, alerts

EVER = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SOURCE = "accounts"
# More rows than this would not fit into an attachment; the counts are of all.
MOST_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class News:
    """What happened to an alert since the last digest: its newest news, and whether it both began and ended meanwhile.

    `gone`: it ended because its organisation is no longer in the source, which is no success.
    """

    severity: Severity
    reason: str
    summary: str
    organization: str
    kind: str
    at: datetime
    opened_at: datetime
    passed: bool
    gone: bool = False

    @classmethod
    def from_row(cls, row: Row, passed: bool) -> News:
        """From a row of `alerts.news_since`."""
        labels, over, gone = row["labels"], row["reason"] == "recovered", bool(row["detail"].get("gone"))
        severity = Severity.WARNING if gone else Severity.SUCCESS if over else Severity(row["severity"])
        where = labels.get("organization", ""), labels.get("kind", row["rule"])
        return cls(severity, row["reason"], row["summary"], *where, row["at"], row["opened_at"], passed, gone)


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """Everything the digest says, with times in `zone`; times of day of the settings are those of `duty_zone`.

    `accounts` are rows of `accounts.worst`: worst first, at most MOST_ROWS, hostile text and all.
    `counts`: {kind: {step: number}} with every step; `past_grace`: {kind: number}; `calendar`: (day, kind, number);
    `by_organization`: rows (organization, expired, urgent, later, past_grace), worst first; `reminders`: {state: number}.
    """

    organization: str | None
    now: datetime
    zone: ZoneInfo
    duty_zone: ZoneInfo
    settings: AccountExpiration
    steps: Sequence[Step]
    data_as_of: datetime | None
    source_error: str | None
    accounts_checked: int
    counted_at: datetime | None
    counts: dict[str, dict[str, int]]
    past_grace: dict[str, int]
    by_organization: Sequence[Row]
    news: Sequence[News]
    open_alerts: Sequence[Row]
    newly_urgent: Sequence[Row]
    accounts: Sequence[Row]
    calendar: Sequence[tuple[date, str, int]]
    reminders: dict[str, int]
    undeliverable: Sequence[Row]
    sending: bool
    ui: str | None

    @property
    def gone(self) -> bool:
        """Whether the one organisation that this is about is no longer in the source."""
        return self.organization is not None and self.data_as_of is not None and not self.accounts_checked and not self.findings

    @property
    def whose_zone(self) -> str:
        """What stands behind a time of day of the settings: nothing for who lives by the same clock."""
        return "" if self.duty_zone == self.zone else f" ({self.duty_zone.key})"

    @property
    def findings(self) -> int:
        """How many entries stand on any step."""
        return sum(sum(steps.values()) for steps in self.counts.values())


@dataclass(frozen=True)
class Reading:
    """One look into the store, for one audience that knew something already. `ui`: the address of the Airflow UI."""

    store: Store
    run: Run
    now: datetime
    audience: Audience
    told: Told
    settings: Settings
    ui: str | None

    def facts(self) -> DigestFacts:
        """Read everything the digest says."""
        duty, steps = self.settings.monitoring.account_expiration, self.steps
        urgent = [step.name for step in steps if step.days is None or step.days <= duty.urgent_days]
        counted = self.many("accounts.counts", now=self.now, kinds=list(KINDS), **as_parameters(steps))
        return DigestFacts(
            organization=self.audience.organization,
            now=self.now,
            zone=self.audience.zone,
            duty_zone=ZoneInfo(self.settings.monitoring.zone),
            settings=duty,
            steps=steps,
            data_as_of=self.as_of,
            source_error=self.source_error(),
            accounts_checked=self.store.value("accounts.population", **self.scope),
            counted_at=self.system.get("census_at"),
            counts=count_by(counted, steps),
            past_grace=past_grace_by_kind(counted),
            by_organization=by_organization(counted, urgent),
            news=latest_news(self.news_rows()),
            open_alerts=alerts.open_rows(self.store, self.run.duty, self.audience),
            newly_urgent=self.many("reminders.newly_urgent", since=self.since, urgent=urgent),
            accounts=self.many("accounts.worst", now=self.now, most=MOST_ROWS, **as_parameters(steps)),
            calendar=[(row["day"], row["kind"], row["accounts"]) for row in self.many("accounts.calendar")],
            reminders=told_since(self.store, self.run.duty, self.audience.organization, self.since),
            undeliverable=self.many("reminders.undeliverable", duty=self.run.duty, since=self.since),
            sending=duty.send_emails if self.run.send_emails is None else self.run.send_emails,
            ui=self.ui,
        )

    def news_rows(self) -> list[Row]:
        """The transitions that are news to this audience."""
        return alerts.news_since(self.store, self.run.duty, self.told.until, self.audience, EVER if self.told.at else self.since)

    def source_error(self) -> str | None:
        """Why there is no data, None when there is. A limited audience learns nothing of hosts."""
        missing = silent(self.store, self.run, self.now)
        if missing is None:
            return too_old(self.as_of, self.run, self.now) if self.as_of else None
        return "it does not answer" if self.audience.limited else missing.why

    @property
    def whole(self) -> bool:
        """Whether the run read all that the audience may see, and not one organisation of many."""
        return self.run.organization in (None, self.audience.organization)

    @cached_property
    def as_of(self) -> datetime | None:
        """When all that the audience may see was read last; None where it never was."""
        if self.run.organization is None or not self.whole:
            return self.system.get("collected_at")
        return max((state.as_of for state in source_states(self.store, self.run, self.now) if state.up), default=None)

    @cached_property
    def system(self) -> Row:
        """What is known of the watched system as a whole."""
        return self.store.one("accounts.system", source=SOURCE) or {}

    def many(self, query: str, **parameters: Any) -> list[Row]:
        """The rows of a named query within what the audience may see."""
        return self.store.many(query, **self.scope, **parameters)

    @property
    def scope(self) -> Row:
        """What the audience may see, as query parameters."""
        return {"source": SOURCE, "organization": self.audience.organization}

    @property
    def since(self) -> datetime:
        """When the audience was last told; who never was hears of a day, and of all that is open."""
        return self.told.at or self.now - DAY

    @property
    def steps(self) -> list[Step]:
        """The ladder at this moment."""
        return ladder(self.settings.monitoring.account_expiration.warning_days, self.now)


def told_since(store: Store, duty: str, organization: str | None, since: datetime) -> dict[str, int]:
    """What became of the reminders since a moment, and what waits: {message state or way of telling: number}."""
    rows = store.many("reminders.told_since", source=SOURCE, duty=duty, organization=organization, since=since)
    return {row["way"]: row["reminders"] for row in rows}


def latest_news(rows: Sequence[Row]) -> list[News]:
    """The newest news of each alert, worst first. One that began since and got worse is new; one that also ended is `passed`."""
    newest_of = {row["alert_id"]: row for row in rows}
    began = {row["alert_id"] for row in rows if row["state_before"] is None}
    news = [news_of(row, key in began) for key, row in newest_of.items()]
    return sorted(news, key=lambda item: (-item.severity.rank, item.at))


def news_of(row: Row, began: bool) -> News:
    """The news in an alert's newest row, for somebody who knows of its beginning or does not."""
    if began and row["reason"] == Reason.WORSENED:
        return News.from_row({**row, "reason": Reason.OPENED}, passed=False)
    return News.from_row(row, passed=began and row["state_after"] == State.RESOLVED)


def count_by(rows: Sequence[Row], steps: Sequence[Step]) -> dict[str, dict[str, int]]:
    """{kind: {step: number}} over all organisations, zeros included."""
    counts = {kind: {step.name: 0 for step in steps} for kind in KINDS}
    for row in rows:
        if row["step"] is not None:
            counts[row["kind"]][row["step"]] += row["accounts"]
    return counts


def past_grace_by_kind(rows: Sequence[Row]) -> dict[str, int]:
    """{kind: number past grace} over all organisations."""
    return {kind: sum(row["accounts"] for row in rows if row["kind"] == kind and row["step"] is None) for kind in KINDS}


def by_organization(rows: Sequence[Row], urgent: Sequence[str]) -> list[Row]:
    """Rows (organization, expired, urgent, later, past_grace) of those that have any, worst first."""
    sums: dict[str, Row] = {}
    for row in rows:
        empty = {"organization": row["organization"], "expired": 0, "urgent": 0, "later": 0, "past_grace": 0}
        sums.setdefault(row["organization"], empty)[column_of(row["step"], urgent)] += row["accounts"]
    found = [row for row in sums.values() if row["expired"] or row["urgent"] or row["later"]]
    return sorted(found, key=lambda row: (-row["past_grace"], -row["expired"], -row["urgent"], row["organization"]))


def column_of(step: str | None, urgent: Sequence[str]) -> str:
    """The column of an organisation's row in which a step counts."""
    if step is None:
        return "past_grace"
    if step == EXPIRED:
        return "expired"
    return "urgent" if step in urgent else "later"
