"""The digest of account expiration: what is new or worse first, then who stands where, then the next three months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.config.settings import AccountExpiration, Settings
from include.ladder import EXPIRED, KINDS, Step, as_parameters, ladder
from include.model import Audience, Composed, Priority, Reason, Rendered, Run, Severity, State, Told
from include.routing import Routes
from include.source_state import silent
from include.store import Row, Store, alerts, reports

NAME = "account_digest"
EVER = datetime(1970, 1, 1, tzinfo=UTC)
SOURCE = "accounts"
# More rows than this would not fit into an attachment; the counts are of all.
MOST_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class News:
    """What happened to an alert since the last digest: its newest news, and whether it both began and ended meanwhile."""

    severity: Severity
    reason: str
    summary: str
    organization: str
    kind: str
    at: datetime
    opened_at: datetime
    passed: bool

    @classmethod
    def from_row(cls, row: Row, passed: bool) -> News:
        """From a row of `alerts.news_since`."""
        labels = row["labels"]
        severity = Severity.SUCCESS if row["reason"] == "recovered" else Severity(row["severity"])
        where = labels.get("organization", ""), labels.get("kind", row["rule"])
        return cls(severity, row["reason"], row["summary"], *where, row["at"], row["opened_at"], passed)


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """Everything the digest says. `accounts` are rows of `accounts.worst`: worst first, at most MOST_ROWS, hostile text and all.

    `counts`: {kind: {step: number}} with every step; `past_grace`: {kind: number}; `calendar`: (day, kind, number);
    `by_organization`: rows (organization, expired, urgent, later, past_grace), worst first; `reminders`: {state: number}.
    """

    organization: str | None
    now: datetime
    zone: ZoneInfo
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
    def findings(self) -> int:
        """How many entries stand on any step."""
        return sum(sum(steps.values()) for steps in self.counts.values())


@dataclass(frozen=True, slots=True)
class AccountDigest:
    """Composes one digest per audience. `ui`: the address of the Airflow UI, for links."""

    settings: Settings
    routes: Routes
    ui: str | None

    def compose(self, store: Store, run: Run, now: datetime) -> Sequence[Composed]:
        """One per audience and what it knew before; without news, and before `digest_at`, its reason is None."""
        known = [row["organization"] for row in store.many("accounts.reported", source=SOURCE, duty=run.duty, now=now)]
        return [
            self.composed(store, run, replace(audience, receivers=receivers), told, now)
            for audience in self.routes.audiences(self.duty.digest == "organization", known)
            if run.organization in (None, audience.organization) or audience.organization is None
            for told, receivers in reports.told_before(store, run, NAME, audience).items()
        ]

    def composed(self, store: Store, run: Run, audience: Audience, told: Told, now: datetime) -> Composed:
        """The digest of receivers who knew the same before."""
        rows = [row for row in alerts.news_since(store, run.duty, told.until) if audience.may_see(row["labels"])]
        facts = self.facts(store, run, audience, rows, told.at, now)
        return Composed(
            NAME,
            audience,
            reason=self.due(facts, told.at) if "email" in self.routes.channels else None,
            told=told,
            told_until=max([told.until, *(row["id"] for row in rows)]),
            facts=facts,
            outcome=self.outcome(store, run, facts),
            priority=Priority.CRITICAL if any(news.severity is Severity.CRITICAL for news in facts.news) else Priority.NORMAL,
        )

    def outcome(self, store: Store, run: Run, facts: DigestFacts) -> str | None:
        """What became of this run's reminders: `✅ SUCCESS: Account expiration notifications sent`, or what happened instead."""
        from include.reports.account_digest_words import outcome

        told = told_since(store, facts.organization, run.run_after)
        severity, words = outcome(replace(facts, reminders=told))
        return f"{severity.badge}: {words}" if told else None

    def due(self, facts: DigestFacts, last: datetime | None) -> str | None:
        """Why a digest leaves now: the first reason that holds, None when none does."""
        for reason in ("opened", "worsened", "no_data", "recovered"):
            if any(news.reason == reason and not news.passed for news in facts.news):
                return reason
        if facts.newly_urgent:
            return "newly_urgent"
        return "digest_at" if last is None or last < self.last_digest_time(facts.now) <= facts.now else None

    def last_digest_time(self, now: datetime) -> datetime:
        """The newest moment at which a digest leaves in any case."""
        local = now.astimezone(self.zone)
        today = datetime.combine(local.date(), self.duty.digest_at, self.zone)
        return today if today <= local else datetime.combine(local.date() - timedelta(days=1), self.duty.digest_at, self.zone)

    def facts(self, store: Store, run: Run, audience: Audience, news: Sequence[Row], since: datetime | None, now: datetime) -> DigestFacts:
        """Read everything the digest says."""
        steps = ladder(self.duty.warning_days, now)
        organization = audience.organization
        scope: dict[str, Any] = {"source": SOURCE, "organization": organization}
        lookback = {"since": since or EVER}
        urgent = [step.name for step in steps if step.days is None or step.days <= self.duty.urgent_days]
        counted = store.many("accounts.counts", **scope, now=now, kinds=list(KINDS), **as_parameters(steps))
        system = store.one("accounts.system", source=SOURCE) or {}
        missing = silent(store, run, now)
        return DigestFacts(
            organization=organization,
            now=now,
            zone=self.zone,
            settings=self.duty,
            steps=steps,
            data_as_of=system.get("collected_at"),
            source_error=("it does not answer" if audience.limited else missing.why) if missing else None,
            accounts_checked=store.value("accounts.population", **scope),
            counted_at=system.get("census_at"),
            counts=count_by(counted, steps),
            past_grace=past_grace_by_kind(counted),
            by_organization=by_organization(counted, urgent),
            news=latest_news(news),
            open_alerts=[row for row in alerts.open_rows(store, run.duty) if audience.may_see(row["labels"])],
            newly_urgent=store.many("reminders.newly_urgent", **scope, **lookback, urgent=urgent),
            accounts=store.many("accounts.worst", **scope, now=now, most=MOST_ROWS, **as_parameters(steps)),
            calendar=[(row["day"], row["kind"], row["accounts"]) for row in store.many("accounts.calendar", **scope)],
            reminders=told_since(store, organization, lookback["since"]),
            undeliverable=store.many("reminders.undeliverable", duty=run.duty, organization=organization, **lookback),
            sending=self.duty.send_emails if run.send_emails is None else run.send_emails,
            ui=self.ui,
        )

    def render(self, composed: Composed) -> Rendered:
        """The digest in words and pictures."""
        from include.reports.account_digest_view import render  # matplotlib stays out until something is drawn

        return render(composed.facts)

    @property
    def duty(self) -> AccountExpiration:
        """The duty's section."""
        return self.settings.monitoring.account_expiration

    @property
    def zone(self) -> ZoneInfo:
        """Where times of day are meant."""
        return ZoneInfo(self.settings.monitoring.zone)


def told_since(store: Store, organization: str | None, since: datetime) -> dict[str, int]:
    """What became of the reminders since a moment: {message state or way of telling: number}."""
    rows = store.many("reminders.told_since", source=SOURCE, organization=organization, since=since)
    return {row["state"] or row["told"]: row["reminders"] for row in rows}


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
