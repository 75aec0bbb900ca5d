"""The mail to an account's owner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from include.channels.reminder import render
from include.ladder import KINDS
from tests.reports.facts import HOSTILE

ZONE = ZoneInfo("Europe/Berlin")
ENDS = datetime(2026, 11, 26, 17, 0, tzinfo=UTC)
CONTENT: dict[str, Any] = {
    "kind": "account", "step": "3", "expires_at": "2026-11-26T17:00:00.000000Z", "username": "dcole", "full_name": "Dana Cole",
    "organization": "acme-logistics", "groups": "", "manager_name": "Maria Lopez", "grace_days": 7, "cc": "mlopez@acme.example",
}  # fmt: skip


def words(now: datetime = ENDS - timedelta(hours=57), **changes: Any) -> str:
    """The plain text on one line."""
    return " ".join(render(CONTENT | changes, ZONE, now)[0].split())


def test_it_says_what_ends_when_and_how_long_that_is() -> None:
    assert "Hello Dana Cole," in words()
    assert "Your account dcole at acme-logistics ends in 2 days 9 hours: Thursday, 26 November 2026 at 18:00 CET" in words()


def test_a_mail_that_waited_does_not_say_what_was_true_when_it_was_queued() -> None:
    assert "ends in 1 day 9 hours:" in words(ENDS - timedelta(hours=33))
    assert "ended 2 hours ago:" in words(ENDS + timedelta(hours=2))


@pytest.mark.parametrize(
    ("now", "grace_days", "expected"),
    [
        (ENDS - timedelta(hours=1), 7, "A grace period of 7 days begins, until Thursday, 3 December 2026 at 18:00 CET."),
        (ENDS - timedelta(hours=1), 0, "There is no grace period: from then on you may no longer be able to sign in."),
        (
            ENDS + timedelta(days=2),
            7,
            "A grace period of 7 days is running, until Thursday, 3 December 2026 at 18:00 CET, which is in 5 days.",
        ),
        (ENDS + timedelta(days=8), 7, "The grace period of 7 days is over too, since Thursday, 3 December 2026 at 18:00 CET:"),
        (ENDS + timedelta(days=8), 0, "There is no grace period: you may no longer be able to sign in at any time."),
    ],
    ids=["ahead", "ahead without grace", "in grace", "past grace", "past without grace"],
)
def test_it_says_what_happens_then(now: datetime, grace_days: int, expected: str) -> None:
    assert expected in words(now, grace_days=grace_days)


def test_the_owner_is_told_whom_to_ask_and_who_else_reads_it() -> None:
    assert "ask your manager, Maria Lopez, to have the account's end date moved" in words()
    assert "a copy goes to Maria Lopez" in words()


def test_without_a_manager_the_administrator_is_asked() -> None:
    text = words(manager_name="", cc="")
    assert "ask your administrator to" in text
    assert "copy" not in text


def test_a_membership_names_its_groups() -> None:
    assert "A group membership of your account dcole at acme-logistics (in Incident responders)" in words(
        kind="membership", groups="Incident responders"
    )


def test_an_owner_without_a_name_is_addressed_by_the_username() -> None:
    assert "Hello dcole," in words(full_name="")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_fits_in_a_few_kilobytes_and_has_no_link(kind: str) -> None:
    html = render(CONTENT | {"kind": kind, "groups": "Night shift"}, ZONE, ENDS)[1]
    assert len(html.encode()) < 4_000
    assert "href" not in html
    assert "http" not in html


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_names_are_shown_and_do_nothing(hostile: str) -> None:
    names = ("username", "full_name", "organization", "groups", "manager_name", "cc")
    plain, html = render(CONTENT | {"kind": "membership", **dict.fromkeys(names, hostile)}, ZONE, ENDS)
    assert "<script" not in html
    assert not any(character in plain + html for character in "\u202e\r")
    assert not any(line.startswith("Bcc:") for line in plain.splitlines())
    assert len(plain) < 2_000
