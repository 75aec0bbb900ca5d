"""The duties by name, as routes and `make explain` may name them."""

from __future__ import annotations

from typing import Literal

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
    "system_health",
)
# Who watches over them. Whether it runs itself, it cannot miss: that somebody outside does, who hears its heartbeats.
WATCHDOG: DutyName = "escalation"
# These have a watcher in the triggerer, which rings for them.
WATCHING: tuple[DutyName, ...] = ("api_performance", "database_connectivity", "escalation")
# The section `security` of the file is that of the duty security_watch: both names mean the same.
SECTION_OF = {"security_watch": "security"}
# Their e-mail is a digest: no alert of theirs is mailed by itself, unless a route says so.
DIGEST_DUTIES = frozenset({"account_expiration"})


def section_of(duty: str) -> str:
    """The name of the duty's section in the file."""
    return SECTION_OF.get(duty, duty)
