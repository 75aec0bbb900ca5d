"""Accounts that stay on their step: what is carried on at once comes to the same as a verdict on each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from include.rules.accounts_expiring import AccountsExpiring
from tests.story import Story

STEPS = {
    "stays": {},
    "one more": {"bob": 6.0},
    "worse": {"bob": 2.0},
    "past grace": {"ann": -20.0},
    "better": {"ann": 12.0},
    "over": {"ann": 900.0},
}


def judge(story: Story) -> Any:
    """All alerts, and all that happened to them, after an hour's run."""
    story.run(f"run {story.now}")
    execute = story.store.connection.execute
    alerts = execute("select to_jsonb(a) - 'id' as row from alert a order by fingerprint, opened_at").fetchall()
    happened = execute("select to_jsonb(t) - '{id,alert_id}'::text[] as row from transition t order by at, summary").fetchall()
    return [*alerts, *happened]


@pytest.mark.parametrize("acknowledged", [False, True])
@pytest.mark.parametrize("change", STEPS.values(), ids=STEPS)
def test_nothing_else_comes_of_it(story: Story, change: dict[str, float], acknowledged: bool) -> None:
    for name in ("ann", "bob", "eve"):
        story.account(name, account_expires_at=5 if name == "ann" else 500)
    story.run()
    story.later(hours=1).run()
    if acknowledged:
        story.wiring.actions().acknowledge(str(story.alerts()[0]["id"]), "ann")
    for name, days in change.items():
        story.change(name, account_expires_at=days)
    story.later(hours=1)
    with story.store.rehearsal(), patch.object(AccountsExpiring, "stays", lambda *_: False):
        one_by_one = judge(story)
    assert judge(story) == one_by_one


def test_what_stays_gets_no_verdict_and_shows_its_newest_figures(story: Story) -> None:
    story.account("ann", account_expires_at=5)
    story.account("bob", account_expires_at=500)
    story.run()
    story.change("bob", account_expires_at=6)
    counts = story.later(hours=1).run()["evaluate"]
    assert "unchanged" not in counts
    (alert,) = story.alerts()
    assert (alert["summary"], alert["reason"], alert["breaches"]) == ("acme: 2 user accounts expiring within 7 days", "unchanged", 2)
    assert alert["evaluated_at"] - alert["opened_at"] >= timedelta(hours=1)
