"""The digest of account expiration: when it is due, for whom, and how urgent it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from include.audience import Audience, Told
from include.config.settings import AccountExpiration, Settings
from include.message import Urgency
from include.model import Run, Severity, Stage
from include.people.audiences import Routes
from include.report import Composed, Rendered
from include.reports.account_digest_facts import EVER, SOURCE, DigestFacts, Reading, told_since
from include.reports.account_digest_words import outcomes
from include.store import Store, reports

NAME = "account_digest"


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
        reading = Reading(store, run, now, audience, told, self.settings, self.ui)
        facts = reading.facts()
        return Composed(
            NAME,
            audience,
            now,
            reason=self.due(facts, told.at, reading.whole) if "email" in self.routes.channels else None,
            told=told,
            told_until=max([told.until, *(row["id"] for row in reading.news_rows())]),
            facts=facts,
            outcomes=self.outcomes(store, run, facts),
            urgency=Urgency.CRITICAL if any(news.severity is Severity.CRITICAL for news in facts.news) else Urgency.NORMAL,
        )

    def outcomes(self, store: Store, run: Run, facts: DigestFacts) -> Sequence[str]:
        """What became of the reminders since the last run said so: `✅ SUCCESS: Account expiration notifications sent`, or what else."""
        since = store.value("runs.began_before", duty=run.duty, run_id=run.run_id, stage=Stage.REPORT) or EVER
        told = told_since(store, run.duty, facts.organization, since)
        return [f"{severity.badge}: {words}" for severity, words in outcomes(replace(facts, reminders=told))] if told else ()

    def due(self, facts: DigestFacts, last: datetime | None, whole: bool) -> str | None:
        """Why a digest leaves now: the first reason that holds, None when none does. `whole`: whether the run read all that it says."""
        for reason in ("opened", "worsened", "no_data", "recovered"):
            if any(news.reason == reason and not news.passed for news in facts.news):
                return reason
        if facts.newly_urgent:
            return "newly_urgent"
        return "digest_at" if whole and (last is None or last < self.last_digest_time(facts.now) <= facts.now) else None

    def last_digest_time(self, now: datetime) -> datetime:
        """The newest moment at which a digest leaves in any case."""
        local = now.astimezone(self.zone)
        today = datetime.combine(local.date(), self.duty.digest_at, self.zone)
        return today if today <= local else datetime.combine(local.date() - timedelta(days=1), self.duty.digest_at, self.zone)

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
