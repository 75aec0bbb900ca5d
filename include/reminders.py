"""Reminders to account owners: which steps are told, noted, or held back because they are too many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from include.config.settings import AccountExpiration
from include.ladder import EXPIRED, KINDS, Step, as_parameters, ladder
from include.model import Run
from include.store import Row, Store, planner

NOUNS = {"account": "Your account", "password": "Your password", "contract": "Your contract", "membership": "A group membership"}


@dataclass(frozen=True, slots=True)
class Reminders:
    """The reminders of one watched system at one moment."""

    store: Store
    settings: AccountExpiration
    run: Run
    source: str
    now: datetime

    def remind(self) -> dict[str, Any]:
        """Queue, note or hold what now holds and was never told. Returns which of these it did, and for how many."""
        system = self.store.one("accounts.system", source=self.source)
        if system is None or system["collected_at"] is None:
            return {"reminders": "no list yet"}
        self.gather()
        counts = self.baseline() if system["baseline_at"] is None else self.tell() if self.sending else self.stay_silent()
        planner.note_growth(self.store, "reminder", counts["steps"], "reminders.analyze")
        self.store.change("reminders.untrue", **self.scope, **self.steps)
        self.store.change("reminders.refresh", **self.scope, copied=[step.name for step in self.ladder if self.copied(step)])
        return {**counts, **self.release(counts)} if self.run.release_held else counts

    def release(self, counts: Mapping[str, Any]) -> dict[str, Any]:
        """Let go what is held, unless nobody is to be written to; but not too many that came in this very run, which nobody has seen."""
        if self.sending:
            seen = counts.get("reminders") != "held"
            return {"released": self.store.change("reminders.release", **self.scope, duty=self.run.duty, all=seen)}
        why = "the run was not to write to owners" if self.settings.send_emails else "writing to owners is off"
        return {"released": 0, "not_released": f"{why}: send_emails"}

    def gather(self) -> None:
        """The steps that now hold and were never told, in one place for this transaction."""
        self.store.change("reminders.make_room")
        self.store.change("reminders.clear")
        copies = [self.copied(step) for step in self.ladder]
        self.store.change("reminders.gather", **self.scope, **self.steps, copies=copies)

    def baseline(self) -> dict[str, Any]:
        """Take stock without telling anybody. A run limited to one organisation does not take stock of the others."""
        counts = self.note("baseline")
        if self.run.organization is None:
            self.store.change("reminders.baseline_taken", **self.scope)
        return counts

    def stay_silent(self) -> dict[str, Any]:
        """Note the steps; what waits is stopped too, unless only this one run was not to write."""
        if not self.settings.send_emails:
            self.store.change("reminders.suppress", **self.scope, duty=self.run.duty)
        return self.note("suppressed")

    def tell(self) -> dict[str, Any]:
        """One message per step and owner; all of them held when they would reach too many owners at once."""
        owners: int = self.store.value("reminders.owners")
        state = "held" if owners > self.most() else "pending"
        if owners:
            words = {"subjects": Jsonb(subjects(self.ladder)), "duty": self.run.duty, "state": state}
            self.store.change("reminders.tell", **words, now=self.now)
        return {**self.note("mailed"), "reminders": "held" if state == "held" else "queued", "owners": owners}

    def note(self, told: str) -> dict[str, Any]:
        """Note the steps as told in this way."""
        return {"reminders": told, "steps": self.store.change("reminders.note", told=told, now=self.now)}

    def most(self) -> float:
        """More owners than this are never written to in one run: the larger of a number and a share of all accounts."""
        accounts: int = self.store.value("accounts.population", source=self.source, organization=None)
        return max(self.settings.most_reminders, accounts * self.settings.most_reminders_percent / 100)

    def copied(self, step: Step) -> bool:
        """Whether the manager gets a copy."""
        return step.days is None or step.days <= self.settings.copy_manager_days

    @property
    def sending(self) -> bool:
        """The run's own choice, else the configuration's."""
        return self.settings.send_emails if self.run.send_emails is None else self.run.send_emails

    @property
    def ladder(self) -> list[Step]:
        """The steps at this moment."""
        return ladder(self.settings.warning_days, self.now)

    @property
    def steps(self) -> Row:
        """The steps as query parameters."""
        return as_parameters(self.ladder)

    @property
    def scope(self) -> Row:
        """What this run may touch, as query parameters."""
        return {"source": self.source, "organization": self.run.organization, "now": self.now}


def subjects(steps: list[Step]) -> dict[str, dict[str, str]]:
    """The subject line per kind and step. Nothing hostile can be in it: no name is."""
    return {kind: {step.name: subject(kind, step) for step in steps} for kind in KINDS}


def subject(kind: str, step: Step) -> str:
    """`Your account expires within 3 days`."""
    if step.name == EXPIRED:
        return f"{NOUNS[kind]} has expired"
    return f"{NOUNS[kind]} expires within {step.days} day{'s' if step.days != 1 else ''}"
