"""What an alert makes needless is not told: neither while it lasts, nor in the first minutes after its end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from include.model import Level
from tests.lifecycle.stage import Stage

MINUTE = 60.0


def judge(stage: Stage, rule: str, level: Level, target: str = "db") -> None:
    """One rule's verdict on a target."""
    stage.judge_all([replace(stage.verdict(target, level, summary=f"{rule} of {target} is {level}"), rule=rule)])


def test_a_database_that_is_down_is_told_once_and_not_as_missing_data_too(stage: Stage) -> None:
    judge(stage, "database_up", Level.CRITICAL)
    judge(stage, "source_up", Level.CRITICAL)
    stage.later(20 * MINUTE)
    judge(stage, "database_up", Level.OK)
    stage.later(4 * MINUTE)
    judge(stage, "source_up", Level.OK)
    stage.later(20 * MINUTE)
    assert stage.titles() == ["🚨 CRITICAL: database_up of db is critical", "✅ SUCCESS: database_up of db is ok"]


def test_what_still_holds_some_minutes_after_its_cause_is_told(stage: Stage) -> None:
    judge(stage, "database_up", Level.CRITICAL)
    judge(stage, "source_up", Level.CRITICAL)
    stage.later(MINUTE)
    judge(stage, "database_up", Level.OK)
    stage.later(6 * MINUTE)
    assert stage.alerts()[1]["quiet"] == "inhibited for some minutes more: database_up of db is ok"
    stage.later(2 * MINUTE)
    assert stage.titles()[-1] == "🚨 CRITICAL: source_up of db is critical"


def test_an_address_that_failed_is_not_told_again_as_its_errors(stage: Stage) -> None:
    judge(stage, "api_up", Level.CRITICAL)
    stage.later(10 * MINUTE)
    for rule in ("api_error_rate", "error_budget_burn_fast"):
        judge(stage, rule, Level.CRITICAL)
    judge(stage, "api_up", Level.OK)
    stage.later(6 * MINUTE)
    for rule in ("api_error_rate", "error_budget_burn_fast"):
        judge(stage, rule, Level.OK)
    stage.later(20 * MINUTE)
    assert stage.titles() == ["🚨 CRITICAL: api_up of db is critical", "✅ SUCCESS: api_up of db is ok"]


@pytest.mark.parametrize("target", ["web", "db2"])
def test_another_target_is_told_all_the_same(stage: Stage, target: str) -> None:
    judge(stage, "database_up", Level.CRITICAL)
    judge(stage, "source_up", Level.CRITICAL, target)
    stage.later(MINUTE)
    assert f"🚨 CRITICAL: source_up of {target} is critical" in stage.titles()


def test_what_depends_on_something_waits_for_its_return_too(stage: Stage) -> None:
    stage.configure(dependencies={"api": ["db"]}, inhibit=[])
    stage.judge("db", Level.CRITICAL)
    stage.judge("api", Level.CRITICAL)
    stage.later(20 * MINUTE)
    stage.judge("db", Level.OK)
    stage.later(6 * MINUTE)
    assert not [one for one in stage.titles() if "api" in one]
    stage.later(2 * MINUTE)
    assert stage.titles()[-1] == "🚨 CRITICAL: api is critical"
