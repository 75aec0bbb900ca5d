"""Reminders that were too many at once wait for a person: critical until they are released or no longer true."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from include.config.settings import Settings
from include.model import Level, Priority, Run, Traits, Verdict
from include.store import Store


class RemindersHeld:
    """Judges the outbox itself."""

    traits = Traits(priority=Priority.MEDIUM, todo="Look at the list; then release the reminders, or correct the dates and they lapse.")

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict."""
        held = store.one("reminders.held", duty=run.duty) or {"owners": 0, "reminders": 0}
        return [judge(run.duty, held["owners"], held["reminders"], now)]


def judge(duty: str, owners: int, reminders: int, now: datetime) -> Verdict:
    """None held is well."""
    if not reminders:
        return Verdict(duty, "reminders_held", {}, Level.OK, now, "no reminder is held back")
    summary = (
        f"{reminders} reminders to {owners} owners are held back: more than usual at once. "
        f"Check the list; then trigger {duty} with release_held = yes, or correct the dates and they lapse"
    )
    return Verdict(duty, "reminders_held", {}, Level.CRITICAL, now, summary, detail={"owners": owners, "reminders": reminders})
