"""Critical news, good or bad, waits for nobody: not for the rest of its group, not for quiet hours, not for a silence of the others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include.acting.actions import Window
from include.model import Level, Priority, Traits
from tests.lifecycle.stage import Stage, recipient

MINUTE = 60.0
URGENT = Traits(damp=False, priority=Priority.CRITICAL)


@pytest.fixture(autouse=True)
def quiet_hours(stage: Stage) -> None:
    """Whatever is not critical waits until noon of the next day."""
    stage.table.quiet_until = stage.now + timedelta(days=1)


def silence(stage: Stage, target: str) -> None:
    stage.actions.silence(Window({"target": target}, stage.now, stage.now + timedelta(days=1)), "ann", "ann", "a test")


def test_what_becomes_critical_beside_something_new_that_is_not(stage: Stage) -> None:
    stage.table.quiet_until = None
    stage.judge("db1", Level.WARNING)
    stage.later(MINUTE)
    stage.table.quiet_until = stage.now + timedelta(days=1)
    stage.judge_all([stage.verdict("db2", Level.WARNING), stage.verdict("db1", Level.CRITICAL)])
    stage.drain()
    assert stage.told() == ["opened", "opened"]
    assert stage.receivers.got[-1].things == {"db1": "critical", "db2": "warning"}


def test_the_end_of_something_critical_beside_something_new_that_is_not(stage: Stage) -> None:
    stage.judge("db1", Level.CRITICAL)
    stage.drain()
    stage.now += timedelta(seconds=10)
    stage.judge_all([stage.verdict("db2", Level.WARNING), stage.verdict("db1", Level.OK)])
    stage.drain()
    assert stage.receivers.got[-1].things == {"db2": "warning"}
    assert [one["labels"]["target"] for one in stage.receivers.got[-1].message.content["recovered"]] == ["db1"]


def test_the_end_of_something_critical_beside_something_silenced(stage: Stage) -> None:
    stage.judge_all([stage.verdict("db1", Level.CRITICAL), stage.verdict("db2", Level.WARNING)])
    stage.drain()
    silence(stage, "*")
    stage.drain()
    stage.now += timedelta(minutes=10)
    stage.judge("db1", Level.OK)
    stage.drain()
    assert stage.told() == ["opened", "eased"]
    stage.judge("db2", Level.OK)
    stage.later(MINUTE)
    assert stage.told() == ["opened", "eased"], "what is left is a warning, whose end waits as it would have"


def test_what_only_eased_before_it_ended_was_critical_to_whoever_was_told_so(stage: Stage) -> None:
    stage.judge_all([stage.verdict("db1", Level.CRITICAL), stage.verdict("db2", Level.CRITICAL)])
    stage.drain()
    stage.now += timedelta(minutes=10)
    stage.judge("db1", Level.WARNING)
    stage.now += timedelta(minutes=1)
    stage.judge("db1", Level.OK)
    stage.drain()
    assert stage.told() == ["opened", "eased"]


def test_a_rule_may_say_that_its_warnings_do_not_wait(stage: Stage) -> None:
    stage.table.traits_of_all = URGENT
    stage.judge("watcher", Level.WARNING)
    stage.drain()
    stage.judge("watcher", Level.OK, ago=-1)
    stage.drain()
    assert stage.told() == ["opened", "recovered"]


def test_the_time_for_which_somebody_had_it_does_not_count_also_when_they_took_it_up_again(stage: Stage) -> None:
    stage.table.quiet_until = None
    stage.table.matrix = [(timedelta(minutes=15), recipient("boss"))]
    stage.judge("db", Level.CRITICAL)
    stage.later(5 * MINUTE)
    stage.actions.acknowledge("1", "ann", until=stage.now + timedelta(hours=1))
    stage.later(30 * MINUTE)
    stage.actions.acknowledge("1", "ann", until=stage.now + timedelta(hours=1))
    stage.later(69 * MINUTE)
    assert stage.told("boss") == [], "five minutes without anybody, ninety with, nine without"
    stage.later(2 * MINUTE)
    assert len(stage.told("boss")) == 1
