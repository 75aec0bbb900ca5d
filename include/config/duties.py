"""The duties by name, as routes and `make explain` may name them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

DutyName = Literal[
    "account_expiration",
    "alert_action",
    "api_performance",
    "capacity",
    "compliance",
    "configuration",
    "daily_summary",
    "database_connectivity",
    "database_health",
    "deployment_check",
    "emergency_assessment",
    "escalation",
    "housekeeping",
    "incident_log",
    "investigation",
    "page_load",
    "security",
    "security_watch",
    "system_health",
    "system_recovery",
    "trends",
]
# These run by the clock: every `check_interval` or daily `at`, as their section says. Each of them is watched over.
BY_THE_CLOCK: tuple[DutyName, ...] = (
    "account_expiration",
    "daily_summary",
    "database_health",
    "escalation",
    "housekeeping",
    "page_load",
    "system_health",
)
# These have nothing to do, and do not run, while there is no target of a kind.
ONLY_WITH = {"page_load": "pages"}
# Who watches over them. Whether it runs itself, it cannot miss: that somebody outside does, who hears its heartbeats.
WATCHDOG: DutyName = "escalation"
# These have a watcher in the triggerer, which rings for them.
WATCHING: tuple[DutyName, ...] = ("api_performance", "database_connectivity", "escalation")
# The section `security` of the file is that of the duty security_watch: both names mean the same.
SECTION_OF = {"security_watch": "security"}
# Their e-mail is a digest: no alert of theirs is mailed by itself, unless a route says so.
DIGEST_DUTIES = frozenset({"account_expiration"})


def clocked(targets: Mapping[str, Any]) -> Collection[DutyName]:
    """The duties that run by the clock with these targets, as the file has them."""
    kinds = {kind for kind in ONLY_WITH.values() if targets.get(kind)} | {entry["kind"] for entry in targets.get("discover", ())}
    return [duty for duty in BY_THE_CLOCK if duty not in ONLY_WITH or ONLY_WITH[duty] in kinds]


def section_of(duty: str) -> str:
    """The name of the duty's section in the file."""
    return SECTION_OF.get(duty, duty)
