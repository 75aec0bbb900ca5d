"""What is judged: one file per rule. A line here registers it; every duty has those of `EVERY_DUTY` too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from include.config.rules import in_force
from include.config.settings import Settings
from include.loading import load_named
from include.model import Run, Traits, Verdict
from include.store import Store

RULES = {
    "source_up": "include.rules.vital_signs:SourceUp",
    "config_valid": "include.rules.vital_signs:ConfigValid",
    "discovery_up": "include.rules.vital_signs:DiscoveryUp",
    "accounts_expiring": "include.rules.accounts_expiring:AccountsExpiring",
    "reminders_held": "include.rules.reminders_held:RemindersHeld",
    "database_up": "include.rules.target_up:DatabaseUp",
    "api_up": "include.rules.target_up:ApiUp",
    "duties_run": "include.rules.own_health:DutiesRun",
    "watchers_alive": "include.rules.own_health:WatchersAlive",
    "channels_up": "include.rules.own_health:ChannelsUp",
    "maintenance": "include.rules.own_health:Maintenance",
    "thresholds": "include.rules.thresholds:Thresholds",
}
EVERY_DUTY = ("source_up", "config_valid", "thresholds")
OF_DUTY = {
    "account_expiration": ("accounts_expiring", "reminders_held"),
    "api_performance": ("api_up", "discovery_up"),
    "database_connectivity": ("database_up",),
    "database_health": ("discovery_up",),
    "escalation": ("duties_run", "watchers_alive", "channels_up", "maintenance"),
    "page_load": ("discovery_up",),
    "system_health": ("discovery_up",),
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


def traits_of(settings: Settings) -> Callable[[str], Traits]:
    """What a rule is like, by its name: a limit of the configuration or one of `RULES`; nothing particular for one that is gone."""
    limits: dict[str, Traits] = {}

    def traits(rule: str) -> Traits:
        if rule in RULES:
            return load_named(RULES, rule, "rule").traits  # type: ignore[no-any-return]
        if not limits:
            limits.update((entry.name, entry.threshold().traits) for entry in in_force(settings))
        return limits.get(rule, Traits())

    return traits
