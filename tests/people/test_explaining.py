"""The explanation of an alert: who would be told what when, in order, and what a mistyped question is answered with."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from include.config.settings import Settings
from include.model import Severity
from include.people.explaining import explain, read_moment, read_subject
from include.people.routing import Subject
from tests.configured import configured

ADMIN = "admin@example.com"
NIGHT = datetime(2026, 12, 24, 3, tzinfo=UTC)


def lines(settings: Settings, alert: str, at: datetime = NIGHT) -> list[tuple[str, str | None, str, str]]:
    """Time, role, receiver and reason of each line."""
    found = explain(settings, read_subject(alert, settings), ADMIN, at)
    return [(f"{one.at:%d %H:%M}", one.recipient.role, one.recipient.receiver, one.recipient.reason) for one in found]


def test_every_role_is_named_even_where_all_of_them_are_the_default_receiver() -> None:
    assert lines(Settings(), "severity=critical,duty=database_connectivity") == [
        ("24 03:00", "administrator", ADMIN, "alert_channels of database_connectivity; nobody is administrator"),
        ("24 03:00", "on_call", ADMIN, "escalation critical, step 1: on_call at once; nobody is on_call"),
        ("24 03:00", "manager", ADMIN, "escalation critical, step 1: manager at once; nobody is manager"),
    ]


def test_what_quiet_hours_hold_stands_at_the_time_at_which_it_leaves() -> None:
    settings = configured("""
    people: {bob: {name: Bob, email: bob@example.com, zone: Europe/Berlin, quiet_hours: "22:00-07:00"}}
    roles: {on_call_engineer: [bob]}
    escalation: {high: [{after: 15m, roles: [on_call_engineer]}, {after: 1h, roles: [manager]}]}
    """)
    assert lines(settings, "priority=high")[1:] == [
        ("24 04:00", "manager", ADMIN, "escalation high, step 2: manager after 1h; nobody is manager"),
        (
            "24 06:00",
            "on_call_engineer",
            "bob@example.com",
            "escalation high, step 1: on_call_engineer after 15m; held until quiet hours end",
        ),
    ]


def test_a_digest_is_named_as_what_it_is_whatever_the_routes_say() -> None:
    digest = ("24 03:00", "administrator", ADMIN, "the digest of account_expiration; nobody is administrator")
    assert lines(Settings(), "severity=critical,duty=account_expiration")[0] == digest
    assert digest in lines(configured("routes: [{to: [{channel: slack}]}]"), "severity=info,duty=account_expiration")


@pytest.mark.parametrize(
    ("text", "alert"),
    [
        ("severity=critical", Subject("", "", Severity.CRITICAL, "critical", {})),
        ("severity=warning", Subject("", "", Severity.WARNING, "medium", {})),
        ("severity=info", Subject("", "", Severity.INFO, "low", {})),
        ("priority=critical", Subject("", "", Severity.CRITICAL, "critical", {})),
        ("priority=high", Subject("", "", Severity.WARNING, "high", {})),
        ("priority=medium", Subject("", "", Severity.WARNING, "medium", {})),
        ("priority=low", Subject("", "", Severity.INFO, "low", {})),
        (" severity = warning , priority=high,", Subject("", "", Severity.WARNING, "high", {})),
        (
            "severity=info,duty=security,rule=logins,environment=prod,host=a",
            Subject("security", "logins", Severity.INFO, "low", {"environment": "prod", "host": "a"}),
        ),
    ],
)
def test_an_alert_is_described_in_words(text: str, alert: Subject) -> None:
    assert read_subject(text, Settings()) == alert


def test_the_priority_of_a_severity_is_the_configurations() -> None:
    assert read_subject("severity=warning", configured("priorities: {warning: high}")).priority == "high"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "severity= or priority= is needed; allowed: as in severity=critical,duty=database_connectivity,environment=prod"),
        ("duty=trends", "severity= or priority= is needed"),
        ("severity", "'severity' is no key=value; allowed: as in severity=critical,duty="),
        ("severity=", "'severity=' is no key=value"),
        ("severity=bad", "severity=bad is not known; allowed: critical, warning, info"),
        ("severity=success", "severity=success is not known; allowed: critical, warning, info"),
        ("priority=urgent", "priority=urgent is not known; allowed: critical, high, medium, low"),
        ("severity=critical,host=a,severity=info", "severity is said 2 times; allowed: once, as in severity=critical,duty="),
        ("severity=info,duty=weather", "duty=weather is not known; allowed: account_expiration, alert_action, "),
    ],
)
def test_what_is_not_understood_is_answered_with_what_is_allowed(text: str, answer: str) -> None:
    with pytest.raises(ValueError, match=f"^{answer}"):
        read_subject(text, Settings())


def test_a_moment_is_in_the_zone_unless_it_says_otherwise() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert read_moment("2026-12-24T03:00", berlin) == datetime(2026, 12, 24, 2, tzinfo=UTC)
    assert read_moment("2026-12-24T03:00+00:00", berlin) == datetime(2026, 12, 24, 3, tzinfo=UTC)
    with pytest.raises(ValueError, match=r"'tomorrow' is no moment; allowed: as in 2026-12-24T03:00 or 2026-12-24T03:00\+01:00"):
        read_moment("tomorrow", berlin)
