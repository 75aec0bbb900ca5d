"""Whatever gets worse is heard of by whoever is told, however bad other things are and whoever looks after them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from include.config.routes import Priorities
from include.config.settings import Settings
from include.model import Level, Run, Sample, Traits, utc_now
from include.rules.vital_signs import SourceUp
from include.store import Store, connect, samples
from tests.lifecycle.stage import Stage, recipient

MINUTE, HOUR = 60.0, 3600.0


def test_a_second_thing_that_becomes_critical_is_told_although_the_first_was(stage: Stage) -> None:
    stage.judge("db1", Level.CRITICAL)
    stage.judge("db2", Level.WARNING)
    stage.later(MINUTE)
    told = len(stage.told())
    stage.judge("db2", Level.CRITICAL)
    stage.drain()
    assert stage.told()[told:] == ["worsened"], "and at once"


def test_worsening_under_an_acknowledgement_is_told_also_when_it_was_as_bad_before(stage: Stage) -> None:
    stage.table.matrix = [(timedelta(0), recipient("boss"))]
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    stage.actions.acknowledge("1", "ann")
    stage.now += timedelta(minutes=10)
    stage.judge("db", Level.WARNING)
    stage.now += timedelta(minutes=10)
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    assert stage.told()[-1] == stage.told("boss")[-1] == "worsened"
    stage.judge("db", Level.CRITICAL, ago=-1)
    stage.later(HOUR)
    assert stage.told().count("worsened") == 1, "once"


def test_what_swings_between_two_levels_is_not_told_each_time_to_who_never_heard_that_it_eased(stage: Stage) -> None:
    for _ in range(5):
        for level in (Level.CRITICAL, Level.WARNING):
            stage.judge("db", level)
            stage.later(10 * MINUTE)
    assert stage.told() == ["opened"]


def test_a_channel_that_showed_it_eased_shows_it_worsened(stage: Stage) -> None:
    stage.table.editing = frozenset({"slack"})
    stage.table.receivers = [recipient("#ops", "slack")]
    for level in (Level.CRITICAL, Level.WARNING, Level.CRITICAL):
        stage.judge("db", level)
        stage.later(10 * MINUTE)
    assert stage.told("#ops") == ["opened", "eased", "worsened"]


def test_an_incident_is_acknowledged_when_all_of_it_is(stage: Stage) -> None:
    """Else paging would stop for what nobody looks after."""
    stage.table.editing = frozenset({"pagerduty"})
    stage.table.receivers = [recipient("pagerduty", "pagerduty")]
    stage.judge("db1", Level.CRITICAL)
    stage.judge("db2", Level.CRITICAL)
    stage.drain()
    stage.actions.acknowledge("1", "ann")
    stage.later(MINUTE)
    assert "acknowledged" not in stage.told("pagerduty")
    stage.actions.acknowledge("2", "bob")
    stage.later(MINUTE)
    assert stage.told("pagerduty")[-1] == "acknowledged"


def test_what_was_judged_by_a_clock_that_was_ahead_ends_when_it_ends(stage: Stage) -> None:
    stage.now = utc_now() + timedelta(hours=5)
    sample = Sample("m", {}, 1, stage.now, "x")
    samples.record(stage.store, [sample])
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    stage.now = utc_now()
    samples.record(stage.store, [replace(sample, value=2, at=stage.now)])
    stage.judge("db", Level.OK)
    stage.drain()
    assert stage.told() == ["opened", "recovered"]
    assert [row["value"] for row in samples.newest(stage.store, "m", {})] == [2]


def test_a_source_that_comes_and_goes_is_damped_like_anything_else(stage: Stage) -> None:
    stage.table.traits_of_all = Traits()
    for minute in range(60):
        stage.judge("source", (Level.NO_DATA, Level.OK)[minute % 2])
        stage.later(MINUTE)
    assert len(stage.told()) <= 6
    for _ in range(30):
        stage.judge("source", Level.OK)
        stage.later(MINUTE)
    assert stage.told()[-1] == "recovered"
    assert stage.alerts()[-1]["state"] == "resolved"


def watch_source(stage: Stage, value: float) -> None:
    """A source was asked, and the rule that every duty has judges what it said."""
    labels = {"duty": "d", "source": "s"}
    samples.record(stage.store, [Sample("source_up", labels, value, stage.now, "bool", None if value else "no route to host")])
    if value:
        stage.store.connection.execute(
            "insert into run (duty, run_id, stage, attempt, run_after, started_at, finished_at, state)"
            " values ('d', %s, 'collect', 1, now(), now(), now(), 'complete')",
            (str(stage.now),),
        )
    stage.judge_all(list(SourceUp().verdicts(stage.store, Run("d", "r", stage.now), stage.settings, stage.now)))


def test_what_is_just_being_set_up_has_a_grace_before_anybody_is_told(stage: Stage) -> None:
    watch_source(stage, 0)
    stage.later(4 * MINUTE)
    assert (stage.told(), stage.alerts()[0]["state"]) == ([], "unknown"), "it is there to see, and nobody is called"
    watch_source(stage, 1)
    stage.later(HOUR)
    assert stage.told() == [], "it came up in time"
    watch_source(stage, 0)
    stage.later(MINUTE)
    assert stage.told() == ["no_data"], "one that worked has no grace"


def test_what_never_comes_up_is_told_after_the_grace(stage: Stage) -> None:
    watch_source(stage, 0)
    stage.later(10 * MINUTE)
    assert stage.told() == ["no_data"]


def test_the_priority_of_a_severity_is_the_configurations(stage: Stage) -> None:
    stage.settings = Settings(priorities=Priorities(warning="critical"))
    stage.judge("db", Level.WARNING)
    assert stage.alerts()[0]["priority"] == "critical"


NAMES = [f"t{number}" for number in range(20)]
BUSY = {"group_wait": timedelta(0), "group_interval": timedelta(0), "repeat_interval": timedelta(seconds=1)}


def work(stage: Stage, judging: bool, end: float, depend: Mapping[str, list[str]]) -> None:
    """Judge all the alerts over and over, or plan who is told of them."""
    stage.configure(**BUSY, grouping=[{"match": {"rule": "*"}, "by": ["target"]}], dependencies=depend)
    while time.monotonic() < end:
        stage.now += timedelta(seconds=2)
        level = Level.WARNING if stage.now.second % 4 else Level.CRITICAL
        if judging:
            stage.judge_all([stage.verdict(name, level) for name in NAMES])
        else:
            stage.drain()


@pytest.mark.parametrize("depend", [{}, {name: NAMES[15:] for name in NAMES[:15]}], ids=["each by itself", "some hide others"])
def test_evaluating_and_planning_at_once_do_not_wait_for_each_other_in_circles(
    store: Store, store_dsn: str, depend: Mapping[str, list[str]]
) -> None:
    stages = [Stage(connect(store_dsn, "another")) for _ in range(4)]
    end = time.monotonic() + 4
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(work, one, number == 0, end, depend) for number, one in enumerate(stages)]
    for one in stages:
        one.store.connection.close()
    assert [str(future.exception()) for future in futures if future.exception()] == []
