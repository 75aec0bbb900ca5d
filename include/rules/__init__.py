"""What is judged: one file per rule, registered here by one line; every duty has those of `EVERY_DUTY` too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from include.config.settings import Settings
from include.loading import load_named
from include.model import Run, Traits, Verdict
from include.store import Store

RULES = {
    "source_up": "include.rules.vital_signs:SourceUp",
    "config_valid": "include.rules.vital_signs:ConfigValid",
    "accounts_expiring": "include.rules.accounts_expiring:AccountsExpiring",
    "reminders_held": "include.rules.reminders_held:RemindersHeld",
    "database_up": "include.rules.database_up:DatabaseUp",
    "duties_run": "include.rules.own_health:DutiesRun",
    "watchers_alive": "include.rules.own_health:WatchersAlive",
    "channels_up": "include.rules.own_health:ChannelsUp",
    "maintenance": "include.rules.own_health:Maintenance",
}
EVERY_DUTY = ("source_up", "config_valid")
OF_DUTY = {
    "account_expiration": ("accounts_expiring", "reminders_held"),
    "database_connectivity": ("database_up",),
    "escalation": ("duties_run", "watchers_alive", "channels_up", "maintenance"),
}


class Rule(Protocol):
    """SQL selects the candidates (in breach, or with an open alert); a pure judgement makes a verdict of each."""

    traits: Traits

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """The verdicts on this run's candidates."""
        ...


def rules_of(duty: str) -> list[Rule]:
    """The rules that judge a duty."""
    return [load_named(RULES, name, "rule")() for name in (*EVERY_DUTY, *OF_DUTY.get(duty, ()))]


def traits_of(rule: str) -> Traits:
    """What a rule is like, by its name; nothing particular for one that is gone."""
    return load_named(RULES, rule, "rule").traits if rule in RULES else Traits()  # type: ignore[no-any-return]
