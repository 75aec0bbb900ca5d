"""The sentences of the digest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from include.config.settings import AccountExpiration
from include.ladder import ladder
from include.model import Severity
from include.reports.account_digest_facts import DigestFacts
from include.reports.account_digest_words import Figures, outcomes, subject, summary, told_words
from tests.reports.facts import NOW, account, alert, busy, digest, digest_of, news

EXPIRED = {"expires_at": NOW - timedelta(days=3)}
PAST_GRACE = {"expires_at": NOW - timedelta(days=12)}
LATER = {"expires_at": NOW + timedelta(days=20)}
DOWN: dict[str, Any] = {"source_error": "connection refused", "data_as_of": NOW - timedelta(hours=5)}
UNKNOWN = alert(Severity.CRITICAL, state="unknown")

SUBJECTS = {
    "nothing": (digest(), "✅ SUCCESS: Account expiration: 0 findings, 4,812 accounts checked"),
    "all resolved": (
        digest(news=[news("recovered", Severity.SUCCESS)]),
        "✅ SUCCESS: Account expiration: 0 findings, 4,812 accounts checked (1 alert resolved)",
    ),
    "came and went": (
        digest(news=[news(passed=True)]),
        "✅ SUCCESS: Account expiration: 0 findings, 4,812 accounts checked (1 alert resolved)",
    ),
    "past grace": (
        digest_of([account(1, **PAST_GRACE), account(2, **EXPIRED), account(3)], news=[news(), news()]),
        "🚨 CRITICAL: Account expiration: 1 past grace, 2 expired (2 new alerts)",
    ),
    "expired": (digest_of([account(1, **EXPIRED)], news=[news("worsened")]), "⚠️ WARNING: Account expiration: 1 expired (1 alert worsened)"),
    "urgent": (digest_of([account(1)], newly_urgent=[account(1)]), "⚠️ WARNING: Account expiration: 1 within 7 days (1 newly urgent)"),
    "later": (digest_of([account(1, **LATER)]), "ℹ️ INFO: Account expiration: 1 within 30 days"),
    "one organisation": (
        digest_of([account(1), account(2, **LATER)], organization="acme\r\nBcc: x"),
        "⚠️ WARNING: Account expiration in acme␍␊Bcc: x: 1 within 7 days, 1 more within 30 days",
    ),
    "source down": (
        digest(open_alerts=[UNKNOWN], **DOWN),
        "⚠️ WARNING: Account expiration: no data from accounts since 2026-11-24 03:00 UTC",
    ),
    "never any data": (digest(data_as_of=None), "⚠️ WARNING: Account expiration: no data from accounts yet"),
    "reminders held": (
        digest_of([account(1)], open_alerts=[alert(Severity.CRITICAL, "reminders_held")]),
        "🚨 CRITICAL: Account expiration: 1 within 7 days",
    ),
}


@pytest.mark.parametrize(("facts", "expected"), SUBJECTS.values(), ids=SUBJECTS.keys())
def test_the_subject_says_how_bad_it_is_and_why(facts: DigestFacts, expected: str) -> None:
    assert subject(facts) == expected


def test_the_summary_adds_up() -> None:
    """230 findings: 35 + 47 + 148."""
    assert summary(busy()) == (
        "2 alerts are new, 1 worsened, 2 resolved. 230 findings: 35 expired (10 past grace), 47 within 7 days, 148 more within 30 days. "
        "4,812 accounts checked; data as of 2026-11-24 07:59 UTC."
    )


def test_the_summary_of_a_quiet_day_is_reassuring_with_numbers() -> None:
    assert summary(digest()) == ("No alert is open. 0 findings, 4,812 accounts checked, data as of 2026-11-24 07:59 UTC.")


def test_old_figures_are_called_old() -> None:
    assert summary(digest_of([account(1)], **DOWN)) == (
        "The account source gives no data. As last seen at 2026-11-24 03:00 UTC: 1 finding: 1 within 7 days."
    )


def test_steps_of_ones_own_are_named_as_they_are() -> None:
    settings = AccountExpiration(warning_days=(60, 10), urgent_days=7)
    figures = Figures.of(
        digest(settings=settings, steps=ladder(settings.warning_days, NOW), counts={"account": {"60": 3, "10": 2, "expired": 1}})
    )
    assert figures == Figures(past_grace=0, expired=1, urgent=0, later=5, urgent_days=0, last_days=60)
    assert figures.later_span == "within 60 days"


SENT = Severity.SUCCESS, "Account expiration notifications sent"
OUTCOMES = {
    "sent": ({"reminders": {"sent": 31}}, SENT),
    "nothing was due": ({}, SENT),
    "off": (
        {"sending": False, "reminders": {"suppressed": 9}},
        (Severity.INFO, "Writing to account owners is off: steps that are reached meanwhile are noted and not told later"),
    ),
    "held": ({"reminders": {"held": 300}}, (Severity.CRITICAL, "300 reminders held back: more than usual at once")),
    "held before": (
        {"open_alerts": [alert(Severity.CRITICAL, "reminders_held")], "sending": False},
        (Severity.CRITICAL, "Reminders held back: more than usual at once"),
    ),
    "undeliverable": ({"reminders": {"sent": 9, "failed": 1, "no_receiver": 1}}, (Severity.WARNING, "2 reminders could not be delivered")),
    "queued": ({"reminders": {"pending": 3}}, (Severity.INFO, "3 reminders will leave within the reminder hours, 08:00-18:00")),
    "first run": (
        {"reminders": {"baseline": 227}},
        (Severity.INFO, "Baseline taken: owners are told of what happens from now on, not of what was found at the start"),
    ),
    "source down": (
        {**DOWN, "reminders": {"sent": 3}},
        (Severity.WARNING, "No reminder could be decided on: the account source gives no data"),
    ),
}


@pytest.mark.parametrize(("changes", "expected"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_what_stands_in_the_way_of_reminders_is_said_first(changes: dict[str, Any], expected: tuple[Severity, str]) -> None:
    assert outcomes(digest(**changes))[0] == expected


@pytest.mark.parametrize(
    ("reminders", "success"),
    [
        ({"sent": 1}, True),
        ({"sent": 1, "pending": 3}, True),
        ({"sent": 1, "held": 3}, True),
        ({"sent": 1, "superseded": 1}, True),
        ({"sent": 1, "failed": 1}, False),
        ({"sent": 1, "no_receiver": 1}, False),
        ({"pending": 3}, False),
        ({"baseline": 3}, False),
    ],
)
def test_success_is_claimed_whenever_reminders_left_and_none_was_lost(reminders: dict[str, int], success: bool) -> None:
    assert (SENT in outcomes(digest(reminders=reminders))) is success


def test_what_became_of_the_reminders_is_counted_by_outcome() -> None:
    assert told_words(digest(reminders={"failed": 1, "sent": 1012, "pending": 3})) == "1,012 sent, 3 queued and 1 undeliverable"
