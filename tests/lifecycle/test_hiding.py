"""What an alert makes needless is not told: neither while it lasts, nor in the first moment after its end."""

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


def test_data_that_is_still_missing_when_it_is_judged_again_is_told(stage: Stage) -> None:
    judge(stage, "database_up", Level.CRITICAL)
    judge(stage, "source_up", Level.CRITICAL)
    stage.later(MINUTE)
    judge(stage, "database_up", Level.OK)
    stage.later(4 * MINUTE)
    assert stage.alerts()[1]["quiet"] == "inhibited until it is judged again: database_up of db is ok"
    judge(stage, "source_up", Level.CRITICAL)
    stage.drain()
    assert stage.titles()[-1] == "🚨 CRITICAL: source_up of db is critical"


def test_what_is_not_judged_again_is_told_after_ten_minutes(stage: Stage) -> None:
    judge(stage, "database_up", Level.CRITICAL)
    judge(stage, "source_up", Level.CRITICAL)
    stage.later(MINUTE)
    judge(stage, "database_up", Level.OK)
    stage.later(9 * MINUTE)
    assert len(stage.titles()) == 2
    stage.later(2 * MINUTE)
    assert stage.titles()[-1] == "🚨 CRITICAL: source_up of db is critical"


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
    stage.later(MINUTE)
    assert not [one for one in stage.titles() if "api" in one]
    stage.judge("api", Level.CRITICAL)
    stage.drain()
    assert "🚨 CRITICAL: api is critical" in stage.titles()
