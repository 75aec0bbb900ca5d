"""While the store is away: what has just become critical, and its end, is told once, and not again when the store is back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from include.acting.actions import Window
from include.channels import Channel
from include.evaluating import Evaluating
from include.model import Level, Priority, Run, Traits
from include.watchers.outage import MARK, Memory, Outage, settle
from tests.lifecycle.stage import Stage, recipient

LEASE = timedelta(seconds=30)


class Cut:
    """A stage whose store is away from now on: its watcher remembers, and comes back."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        channels = dict.fromkeys(("email", "slack", "pagerduty"), lambda: stage.receivers)
        self.memory = Memory.of(stage.store, stage.settings, stage.table, channels, stage.now, stage.now + LEASE)
        self.outage = Outage(self.memory)

    def judge(self, name: str, level: Level, after: float = 1) -> int:
        """A verdict some seconds later; how many messages left."""
        self.stage.now += timedelta(seconds=after)
        return self.outage.judge([(self.stage.table.traits_of_all, self.stage.verdict(name, level))], self.stage.now)

    def back(self) -> None:
        """The store is there again."""
        stage = self.stage
        stage.now += timedelta(seconds=1)
        evaluating = Evaluating((), stage.settings, stage.table, None, lambda: stage.now)
        with stage.store.transaction():
            settle(self.outage, evaluating, stage.store, Run("duty", "back", stage.now))
        stage.drain()


@pytest.fixture
def cut(stage: Stage) -> Cut:
    """Nothing was wrong when the store went; each thing is told by itself."""
    stage.table.traits_of_all = Traits(damp=False, group_by=("target",))
    return Cut(stage)


def test_a_problem_and_its_end_are_told_at_once_and_stand_in_the_store_afterwards(cut: Cut) -> None:
    assert cut.judge("db", Level.CRITICAL) == 1
    assert cut.judge("db", Level.OK, 5) == 1
    cut.back()
    cut.stage.later(6 * 3600)
    assert cut.stage.told() == ["opened", "recovered"], "and not again"
    assert all(MARK in title for title in cut.stage.titles())
    first, second = cut.stage.messages()
    assert (first["state"], second["state"]) == ("sent", "sent")
    assert second["finished_at"] - first["finished_at"] == timedelta(seconds=5), "with their true times"
    (alert,) = cut.stage.alerts()
    assert (alert["state"], alert["resolved_at"] - alert["opened_at"]) == ("resolved", timedelta(seconds=5))


def test_a_channel_that_cannot_be_opened_keeps_the_others_from_nothing(cut: Cut) -> None:
    def unusable() -> Channel:
        raise ValueError("no such port")

    cut.stage.table.receivers = [recipient("#ops", "slack"), recipient("ops", "email")]
    cut.outage = Outage(replace(cut.memory, channels={**cut.memory.channels, "slack": unusable}))
    assert cut.judge("db", Level.CRITICAL) == 1
    assert cut.stage.told() == ["opened"]


def test_a_warning_that_may_not_wait_by_its_rule_is_told_as_what_is_critical(cut: Cut) -> None:
    assert cut.judge("api", Level.WARNING) == 0
    cut.stage.table.traits_of_all = Traits(damp=False, group_by=("target",), priority=Priority.CRITICAL)
    assert cut.judge("db", Level.WARNING) == 1
    assert cut.judge("db", Level.OK) == 1
    cut.back()
    assert cut.stage.told() == ["opened", "recovered"]


def test_what_is_over_after_the_store_came_back_is_told_once_to_those_who_heard_of_it(cut: Cut) -> None:
    cut.judge("db", Level.CRITICAL)
    cut.back()
    cut.stage.now += timedelta(minutes=1)
    cut.stage.judge("db", Level.OK)
    cut.stage.later(3600)
    assert cut.stage.told() == ["opened", "recovered"]


def test_after_the_lease_nothing_is_told_until_the_store_is_back(cut: Cut) -> None:
    """Somebody else may watch by then, and tells it."""
    cut.judge("db", Level.CRITICAL)
    assert cut.judge("db", Level.OK, 40) == 0
    assert cut.judge("api", Level.CRITICAL) == 0
    cut.back()
    assert cut.stage.told() == ["opened"]
    cut.stage.judge("db", Level.OK)
    cut.stage.judge("api", Level.CRITICAL)
    cut.stage.drain()
    assert cut.stage.told() == ["opened", "recovered", "opened"]


def test_only_what_is_newly_critical_is_told(stage: Stage) -> None:
    stage.judge("old", Level.CRITICAL)
    stage.drain()
    cut = Cut(stage)
    assert cut.judge("old", Level.CRITICAL) == cut.judge("old", Level.OK) == cut.judge("disk", Level.WARNING) == 0
    assert stage.told() == ["opened"]


def test_a_problem_that_comes_and_goes_is_told_once_in_an_outage(cut: Cut) -> None:
    told = [cut.judge("db", (Level.CRITICAL, Level.OK)[number % 2]) for number in range(8)]
    assert told == [1, 1, 0, 0, 0, 0, 0, 0]


def test_silences_and_receivers_are_as_they_were_when_the_store_went(stage: Stage) -> None:
    stage.table.receivers.append(recipient("boss"))
    stage.actions.silence(Window({"target": "db"}, stage.now, stage.now + timedelta(hours=1)), "ann", "ann", "works")
    cut = Cut(stage)
    assert cut.judge("db", Level.CRITICAL) == 0
    assert cut.judge("api", Level.CRITICAL) == 2
    cut.back()
    assert stage.told() == stage.told("boss") == ["opened"]


def test_what_was_told_is_written_down_once_however_often_the_store_comes_back(cut: Cut) -> None:
    cut.judge("db", Level.CRITICAL)
    cut.back()
    cut.back()
    assert [row["state"] for row in cut.stage.messages()] == ["sent"]
    assert len(cut.stage.alerts()) == 1


def test_a_receiver_who_could_not_be_reached_is_told_when_the_store_is_back(cut: Cut) -> None:
    cut.stage.receivers.failures = ["outage"]
    assert cut.judge("db", Level.CRITICAL) == 0
    cut.back()
    assert cut.stage.told() == ["opened"]
    assert MARK not in cut.stage.titles()[0]


def test_what_receivers_know_of_the_rest_of_a_group_outlasts_an_outage(stage: Stage) -> None:
    stage.table.traits_of_all = Traits(damp=False, group_by=())
    stage.judge("a", Level.CRITICAL)
    stage.drain()
    cut = Cut(stage)
    assert cut.judge("b", Level.CRITICAL) == cut.judge("c", Level.CRITICAL) == 1
    assert cut.judge("b", Level.OK) == 0, "what is left of the group is told when the store is back"
    cut.back()
    assert stage.told() == ["opened", "opened", "opened", "eased"]
    stage.judge("c", Level.OK)
    stage.drain()
    stage.judge("a", Level.OK)
    stage.later(3600)
    assert stage.told()[4:] == ["eased", "recovered"]


def test_the_end_of_a_group_that_began_without_the_store_is_told_once_for_all_of_it(stage: Stage) -> None:
    stage.table.traits_of_all = Traits(damp=False, group_by=())
    cut = Cut(stage)
    assert [cut.judge("a", Level.CRITICAL), cut.judge("b", Level.CRITICAL)] == [1, 1]
    assert [cut.judge("a", Level.OK), cut.judge("b", Level.OK)] == [0, 0]
    cut.back()
    stage.later(3600)
    assert stage.told() == ["opened", "opened", "recovered"]


def test_what_is_open_stays_in_its_group_whatever_the_configuration_says_meanwhile(stage: Stage) -> None:
    stage.table.traits_of_all = Traits(damp=False, group_by=())
    stage.judge("a", Level.WARNING)
    stage.drain()
    stage.table.traits_of_all = Traits(damp=False, group_by=("target",))
    cut = Cut(stage)
    assert cut.judge("a", Level.CRITICAL) == 1
    cut.back()
    stage.judge("a", Level.OK)
    stage.later(3600)
    assert stage.told()[-1] == "recovered"
    assert stage.told().count("recovered") == 1
